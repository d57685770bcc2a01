import type { Instance, MediaAttachment } from '../api/entities';
import type { Key } from '../i18n/i18n.svelte';

/** What the server takes; before it has said so, what Mastodon takes. */
export interface Limits {
	count: number;
	description: number;
	types: string[];
	image: number;
	video: number;
}

export function limitsOf(server: Instance | null): Limits {
	const { statuses, media_attachments: media } = server?.configuration ?? {};
	return {
		count: statuses?.max_media_attachments ?? 4,
		description: media?.description_limit ?? 1500,
		types: media?.supported_mime_types ?? [],
		image: media?.image_size_limit ?? 16 << 20,
		video: media?.video_size_limit ?? 99 << 20,
	};
}

/** Pictures go together; a film or a sound goes alone. */
export const alone = (type: string): boolean => /^(video|audio)/.test(type);

export type Refusal = { key: Key; name: string; limit?: number };

/** Which of the files can be added to what is there, and why the others cannot. */
export function choose(files: File[], present: string[], limits: Limits): { taken: File[]; refused: Refusal[] } {
	const taken: File[] = [];
	const refused: Refusal[] = [];
	const kinds = [...present];
	for (const file of files) {
		const largest = alone(file.type) ? limits.video : limits.image;
		const key: Key | null =
			file.size === 0 ? 'upload.empty'
			: file.type && limits.types.length && !limits.types.includes(file.type) ? 'upload.wrongType'
			: file.size > largest ? 'upload.tooLarge'
			: kinds.length && (alone(file.type) || kinds.some(alone)) ? 'upload.mixed'
			: kinds.length >= limits.count ? 'upload.tooMany'
			: null;
		if (key) refused.push({ key, name: file.name, limit: key === 'upload.tooLarge' ? Math.floor(largest / (1 << 20)) : limits.count });
		else {
			taken.push(file);
			kinds.push(file.type);
		}
	}
	return { taken, refused };
}

export interface Focus {
	x: number;
	y: number;
}

export const middle: Focus = { x: 0, y: 0 };

/** Mastodon's focus: from -1 to 1 each way, with up positive. */
export const clampFocus = ({ x, y }: Focus): Focus => ({ x: round(x), y: round(y) });
const round = (n: number) => Math.round(Math.min(1, Math.max(-1, n)) * 100) / 100 + 0;

/** Where in the picture a pointer is. */
export const focusAt = (x: number, y: number, box: { left: number; top: number; width: number; height: number }): Focus =>
	clampFocus({ x: ((x - box.left) / box.width) * 2 - 1, y: 1 - ((y - box.top) / box.height) * 2 });

const arrows: Record<string, Focus> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: 1 }, ArrowDown: { x: 0, y: -1 } };

/** Where an arrow key moves the focus, or null for another key. */
export function focusMoved(from: Focus, key: string, step = 0.05): Focus | null {
	const way = arrows[key];
	return way ? clampFocus({ x: from.x + way.x * step, y: from.y + way.y * step }) : null;
}

export const hasFocus = (media: Pick<MediaAttachment, 'type'>): boolean => media.type !== 'audio' && media.type !== 'unknown';
