import type { Status } from '../api/entities';

/** One reply as it is drawn: how far in, and which lines pass by on its way. */
export interface Row {
	id: string;
	depth: number;
	/** Levels at which a line runs past this row to a later reply. */
	through: number[];
	/** A later reply hangs from the same parent. */
	continues: boolean;
	hasChildren: boolean;
}

export const MAX_DEPTH = 3;

/** Lays replies out as a tree under the focused status, keeping the server's order among siblings. */
export function layoutThread(focus: string, descendants: Status[]): Row[] {
	const known = new Set([focus, ...descendants.map((status) => status.id)]);
	const children = new Map<string, Status[]>();
	for (const status of descendants) {
		// A reply whose parent we cannot see hangs from the focused status.
		const parent = status.in_reply_to_id && known.has(status.in_reply_to_id) ? status.in_reply_to_id : focus;
		children.set(parent, [...(children.get(parent) ?? []), status]);
	}
	const rows: Row[] = [];
	const placed = new Set<string>();
	const place = (parent: string, depth: number, through: number[]) => {
		const siblings = children.get(parent) ?? [];
		siblings.forEach((status, index) => {
			if (placed.has(status.id)) return;
			placed.add(status.id);
			const shown = Math.min(depth, MAX_DEPTH);
			const continues = depth > 0 && index < siblings.length - 1;
			const hasChildren = children.has(status.id);
			rows.push({ id: status.id, depth: shown, through, continues, hasChildren });
			place(status.id, depth + 1, continues && depth <= MAX_DEPTH ? [...through, depth] : through);
		});
	};
	place(focus, 0, []);
	return rows;
}
