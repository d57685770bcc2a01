import type { PreviewCard } from '../api/entities';
import { webUrl } from '../text/url';

/** The site that a preview is of, as people call it. */
export function siteOf(card: PreviewCard): string {
	const url = webUrl(card.url);
	return card.provider_name || (url ? new URL(url).hostname.replace(/^www\./, '') : '');
}

export interface Frame {
	src: string;
	ratio: string;
}

/** The page that the HTML of a preview shows in a frame: its address over https and its shape, and nothing else of it. */
export function frameOf(html: string | undefined): Frame | undefined {
	if (!html) return undefined;
	const frame = new DOMParser().parseFromString(html, 'text/html').querySelector('iframe');
	const src = frame?.getAttribute('src') ?? '';
	if (!/^https:\/\//i.test(src)) return undefined;
	const [width, height] = ['width', 'height'].map((side) => Number(frame?.getAttribute(side)) || 0);
	const ratio = width && height ? Math.min(Math.max(width / height, 0.6), 4) : 16 / 9;
	return { src, ratio: ratio.toFixed(4) };
}
