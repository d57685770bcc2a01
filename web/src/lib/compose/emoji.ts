import type { CustomEmoji } from '../api/entities';

/** A shortcode that is being typed: where its colon stands, and what follows it. */
export interface Typed {
	from: number;
	word: string;
}

/** What is typed right before the cursor, when it may become a custom emoji. Clock times and addresses do not. */
export function typedAt(text: string, cursor: number): Typed | null {
	const found = /(?:^|[^\p{L}\p{N}:/])(:([A-Za-z0-9_]{2,}))$/u.exec(text.slice(0, cursor));
	return found ? { from: cursor - found[1]!.length, word: found[2]! } : null;
}

/** Emoji whose shortcodes begin with a word, and then those that hold it. */
export function matching(all: readonly CustomEmoji[], word: string, most: number): CustomEmoji[] {
	const wanted = word.toLowerCase();
	const rank = (emoji: CustomEmoji) => emoji.shortcode.toLowerCase().indexOf(wanted);
	return all
		.filter((emoji) => rank(emoji) >= 0)
		.sort((a, b) => Math.sign(rank(a)) - Math.sign(rank(b)) || a.shortcode.localeCompare(b.shortcode))
		.slice(0, most);
}

export interface Category {
	name: string;
	emoji: CustomEmoji[];
}

/** Emoji by category, those of none last. */
export function byCategory(all: readonly CustomEmoji[]): Category[] {
	const groups = new Map<string, CustomEmoji[]>();
	for (const emoji of all) groups.set(emoji.category ?? '', [...(groups.get(emoji.category ?? '') ?? []), emoji]);
	return [...groups]
		.map(([name, emoji]) => ({ name, emoji: emoji.sort((a, b) => a.shortcode.localeCompare(b.shortcode)) }))
		.sort((a, b) => Number(!a.name) - Number(!b.name) || a.name.localeCompare(b.name));
}

/** Puts a shortcode in the place of a part of a text, alone between spaces, and gives where the cursor goes. */
export function put(text: string, from: number, to: number, shortcode: string): { text: string; cursor: number } {
	const before = text.slice(0, from);
	const after = text.slice(to);
	const said = `${/[\p{L}\p{N}:]$/u.test(before) ? ' ' : ''}:${shortcode}:${/^\s/.test(after) ? '' : ' '}`;
	return { text: before + said + after, cursor: from + said.length + (/^\s/.test(after) ? 1 : 0) };
}
