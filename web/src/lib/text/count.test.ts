import { describe, expect, it } from 'vitest';
import { countCharacters } from './count';

describe('counting characters', () => {
	const cases: [name: string, text: string, count: number][] = [
		['nothing', '', 0],
		['plain text', 'hello', 5],
		['a link costs 23, however long', `https://example.org/${'a'.repeat(200)}`, 23],
		['a link costs 23, however short', 'http://a.bc', 23],
		['the full stop after a link is counted', 'See https://example.org/a.', 4 + 23 + 1],
		['brackets around a link are counted', '(https://example.org/a)', 25],
		['brackets inside a link are not', 'https://example.org/a_(b)', 23],
		['two links', 'https://a.example https://b.example', 47],
		['an address without a dot is not a link', 'https://localhost', 17],
		['a local mention', '@ada', 4],
		['a remote mention counts without its domain', '@ada@example.org hi', 7],
		['an e-mail address is not a mention', 'ada@example.org', 15],
		['accents', 'é', 1],
		['a family is one', '👨‍👩‍👧‍👦', 1],
		['Japanese', '写真です', 4],
	];
	it.each(cases)('%s', (_, text, expected) => expect(countCharacters(text)).toBe(expected));

	it('adds the content warning', () => expect(countCharacters('abc', 'de')).toBe(5));
});
