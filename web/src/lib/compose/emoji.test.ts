import { describe, expect, it } from 'vitest';
import type { CustomEmoji } from '../api/entities';
import { byCategory, matching, put, typedAt } from './emoji';

const emoji = (shortcode: string, category?: string): CustomEmoji => ({ shortcode, url: `/${shortcode}.gif`, static_url: `/${shortcode}.png`, visible_in_picker: true, category });
const codes = (list: CustomEmoji[]) => list.map(({ shortcode }) => shortcode).join(' ');

describe('what is typed', () => {
	it.each([
		['hello :ca', 'ca', 6],
		[':cat', 'cat', 0],
		['(:Cat_2', 'Cat_2', 1],
		['猫 :cat', 'cat', 2],
	])('%s may become an emoji', (text, word, from) => expect(typedAt(text, text.length)).toEqual({ word, from }));
	it.each(['at 10:30', 'a:cat', '::cat', ':c', ':', 'https://x.example:8080', ':ca t', ':cat:'])('%s may not', (text) => expect(typedAt(text, text.length)).toBeNull());
	it('is what stands before the cursor', () => expect(typedAt('a :cat b', 5)).toEqual({ word: 'ca', from: 2 }));
});

describe('choosing', () => {
	const all = [emoji('blobcat', 'Blobs'), emoji('cat'), emoji('Catnap', 'Cats'), emoji('dog', 'Blobs')];
	it('offers beginnings first, whatever their case', () => {
		expect(codes(matching(all, 'CAT', 9))).toBe('cat Catnap blobcat');
		expect(codes(matching(all, 'cat', 1))).toBe('cat');
		expect(matching(all, 'xyz', 9)).toEqual([]);
	});
	it('groups them, those of no category last', () =>
		expect(byCategory(all).map(({ name, emoji }) => `${name}: ${codes(emoji)}`)).toEqual(['Blobs: blobcat dog', 'Cats: Catnap', ': cat']));
});

describe('putting one in', () => {
	it.each([
		['', 0, 0, ':cat: ', 6],
		['hi', 2, 2, 'hi :cat: ', 9],
		['hi :ca', 3, 6, 'hi :cat: ', 9],
		['hi  there', 3, 3, 'hi :cat: there', 9],
		['猫', 1, 1, '猫 :cat: ', 8],
	])('%j', (text, from, to, want, cursor) => expect(put(text, from, to, 'cat')).toEqual({ text: want, cursor }));
});
