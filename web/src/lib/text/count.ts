/** Counts a status as the server does: links cost the same however long, and a mention's domain is free. */

export const LINK_LENGTH = 23;

const link = /(^|[^\p{L}\p{N}_@/$#&])(https?:\/\/[^\s<>"]+)/giu;
const host = /^https?:\/\/(?:[^\s/?#@]+@)?(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+[\p{L}]{2,}(?::\d+)?(?=$|[/?#])/iu;
const remoteMention = /(^|[^/\p{L}\p{N}_])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_])?)@[\p{L}\p{N}.-]+[\p{L}\p{N}]/giu;

export function countCharacters(text: string, warning = '', linkLength = LINK_LENGTH): number {
	const shortened = text
		.replace(link, (whole, before: string, address: string) => {
			const url = withoutTrailingPunctuation(address);
			return host.test(url) ? before + 'x'.repeat(linkLength) + address.slice(url.length) : whole;
		})
		.replace(remoteMention, '$1@$2');
	return graphemes(shortened) + graphemes(warning);
}

/** A full stop after a link belongs to the sentence, and so does a bracket opened before it. */
function withoutTrailingPunctuation(address: string): string {
	let url = address;
	for (;;) {
		const last = url.at(-1) ?? '';
		if (/[.,;:!?'*_~。、」』）]/.test(last)) url = url.slice(0, -1);
		else if (last === ')' && count(url, '(') < count(url, ')')) url = url.slice(0, -1);
		else return url;
	}
}

const count = (text: string, character: string) => text.split(character).length - 1;

const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

/** What a reader calls characters: a family emoji is one. */
export function graphemes(text: string): number {
	// eslint-disable-next-line no-control-regex
	if (/^[\x20-\x7e\n]*$/.test(text)) return text.length;
	return segmenter ? [...segmenter.segment(text)].length : [...text].length;
}
