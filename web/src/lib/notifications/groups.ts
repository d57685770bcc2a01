import type { Notification } from '../api/entities';

export interface Group {
	/** The newest notification's id: the group's own. */
	id: string;
	type: string;
	ids: string[];
}

const groupable = new Set(['favourite', 'reblog', 'follow', 'admin.sign_up']);
const SPAN = 12 * 60 * 60 * 1000;

/** Folds alike neighbours (same kind, same status, within half a day) into one row. */
export function group(notifications: Notification[]): Group[] {
	const groups: (Group & { subject: string; since: number; last: number })[] = [];
	const age = new Map<string, number>();
	notifications.forEach((n, index) => {
		const subject = `${n.type} ${n.status?.id ?? ''}`;
		const time = Date.parse(n.created_at);
		const open = age.get(subject);
		const found = open === undefined ? undefined : groups[open];
		// A neighbour may have slipped in between, but not a whole screenful.
		if (groupable.has(n.type) && found && found.since - time < SPAN && index - found.last <= 8) {
			found.ids.push(n.id);
			found.last = index;
			return;
		}
		age.set(subject, groups.length);
		groups.push({ id: n.id, type: n.type, ids: [n.id], subject, since: time, last: index });
	});
	return groups.map(({ id, type, ids }) => ({ id, type, ids }));
}
