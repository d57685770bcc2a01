import type { MediaAttachment, Preferences } from '../api/entities';

/** Which part of a picture stays in sight when it is cut to its place. */
export const objectPosition = (focus: { x: number; y: number } | null | undefined): string | undefined =>
	focus ? `${50 + focus.x * 50}% ${50 - focus.y * 50}%` : undefined;

/** Width by height, as far as the server knows. */
export function ratioOf({ meta }: Pick<MediaAttachment, 'meta'>): number | undefined {
	for (const size of [meta?.original, meta?.small]) if (size?.width && size.height) return size.width / size.height;
	return undefined;
}

/** A single picture keeps its own shape, within reason. */
export function shapeOf(pictures: MediaAttachment[], tallest = 1): string | undefined {
	const ratio = pictures.length === 1 ? ratioOf(pictures[0]!) : undefined;
	return ratio === undefined ? undefined : String(Math.min(Math.max(ratio, tallest), 2.2));
}

/** What is seen in a gallery, and what stands below it: sound, and what browsers cannot show. */
export function sorted(media: MediaAttachment[]): { pictures: MediaAttachment[]; others: MediaAttachment[] } {
	const seen = (one: MediaAttachment) => one.type !== 'audio' && one.type !== 'unknown' && Boolean(one.url ?? one.preview_url);
	return { pictures: media.filter(seen).slice(0, 4), others: media.filter((one) => !seen(one)) };
}

/** Whether media wait behind a veil until the reader asks. */
export function veiled(sensitive: boolean, expand: Preferences['reading:expand:media'] = 'default'): boolean {
	return expand === 'hide_all' || (sensitive && expand !== 'show_all');
}

/** Silent loops move by themselves unless the reader, or their system, wants rest. */
export function movesByItself(autoplay: boolean | undefined): boolean {
	const rest = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches;
	return (autoplay ?? true) && !rest;
}

/** 125 seconds as 2:05. */
export function clock(seconds: number): string {
	const whole = Math.round(seconds);
	const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	return [...(h ? [h, String(m).padStart(2, '0')] : [m]), String(s).padStart(2, '0')].join(':');
}
