import type { en } from './en';

export type Key = keyof typeof en;
export type Messages = Record<Key, string>;
type Values = Record<string, string | number>;
/** Keys that come in plural forms, named without the form: `replies` for `replies.one` and `replies.other`. */
export type Counted = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

const catalogues: Record<string, () => Promise<Messages>> = {
	en: async () => (await import('./en')).en,
	ja: async () => (await import('./ja')).ja,
};

let messages = $state.raw({} as Messages);
let plural = new Intl.PluralRules('en');

/** The catalogue's language, and the reader's own locale for numbers and dates. */
export let language = 'en';
export let locale = 'en';

export async function loadMessages(wanted: readonly string[] = navigator.languages): Promise<void> {
	language = wanted.map((tag) => tag.split('-')[0] ?? '').find((tag) => tag in catalogues) ?? 'en';
	locale = wanted.find((tag) => tag.split('-')[0] === language) ?? language;
	plural = new Intl.PluralRules(language);
	messages = await catalogues[language]!();
	document.documentElement.lang = language;
}

export function t(key: Key, values?: Values): string {
	const text = messages[key] ?? key;
	return values ? fill(text, values) : text;
}

/** A counted phrase: `tn('replies', 3)` is "3 replies". */
export function tn(stem: Counted, count: number): string {
	const form = `${stem}.${plural.select(count)}`;
	const key = (form in messages ? form : `${stem}.other`) as Key;
	return t(key, { count: number(count) });
}

/** The text before and after a placeholder that is markup, such as a name. */
export function around(key: Key, slot: string, values?: Values): [string, string] {
	const [before = '', after = ''] = t(key, values).split(`{${slot}}`);
	return [before, after];
}

const fill = (text: string, values: Values) =>
	text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));

export const number = (n: number): string => new Intl.NumberFormat(locale).format(n);

/** 12,345 as "12K": for counts beside an icon. */
export const short = (n: number): string =>
	new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(n);

export const percent = (part: number): string => new Intl.NumberFormat(locale, { style: 'percent' }).format(part);

/** "Ada, Bo and Cy", in pieces, so that each name can be marked up. */
export const listParts = (names: string[]): { type: 'element' | 'literal'; value: string }[] =>
	new Intl.ListFormat(locale, { type: 'conjunction' }).formatToParts(names);

export function languageName(code: string): string {
	try {
		return new Intl.DisplayNames(locale, { type: 'language' }).of(code) ?? code;
	} catch {
		return code;
	}
}
