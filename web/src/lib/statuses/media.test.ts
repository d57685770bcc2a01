import { describe, expect, it } from 'vitest';
import type { MediaAttachment } from '../api/entities';
import { clock, objectPosition, shapeOf, sorted, veiled } from './media';
import { gesture, still, within, zoomed } from './zoom';

const media = (part: Partial<MediaAttachment>) => ({ id: '1', type: 'image', url: '/a.png', preview_url: '/b.png', ...part }) as MediaAttachment;

describe('galleries', () => {
	it('keep the focus in sight', () => expect(objectPosition({ x: 1, y: 1 })).toBe('100% 0%'));
	it('keep the shape of a single picture, within reason', () => {
		expect(shapeOf([media({ meta: { original: { width: 300, height: 200 } } })])).toBe('1.5');
		expect(shapeOf([media({ meta: { small: { width: 100, height: 900 } } })])).toBe('1');
		expect(shapeOf([media({ meta: { original: { width: 9000, height: 100 } } })])).toBe('2.2');
		expect(shapeOf([media({ meta: null })])).toBeUndefined();
		expect(shapeOf([media({ meta: { original: { width: 300, height: 200 } } }), media({})])).toBeUndefined();
	});
	it('show what can be seen, and the rest below', () => {
		const found = sorted([media({}), media({ type: 'audio' }), media({ type: 'unknown' }), media({ type: 'gifv' }), media({ url: null, preview_url: null })]);
		expect(found.pictures.map(({ type }) => type)).toEqual(['image', 'gifv']);
		expect(found.others).toHaveLength(3);
	});
	it.each([
		[true, undefined, true],
		[false, undefined, false],
		[true, 'show_all', false],
		[false, 'hide_all', true],
	] as const)('veil what is sensitive (%s) as the reader wants (%s)', (sensitive, expand, expected) => expect(veiled(sensitive, expand)).toBe(expected));
	it.each([
		[5, '0:05'],
		[125.4, '2:05'],
		[3725, '1:02:05'],
	])('tell %f seconds as %s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('the viewer', () => {
	const picture = { width: 400, height: 200 };
	const stage = { width: 400, height: 400 };
	it('never shows less than the whole', () => expect(within({ scale: 0.2, x: 50, y: 9 }, picture, stage)).toEqual(still));
	it('keeps the edges out', () => expect(within({ scale: 3, x: 5000, y: -5000 }, picture, stage)).toEqual({ scale: 3, x: 400, y: -100 }));
	it('grows about the finger', () => expect(zoomed(still, 2, { x: 100, y: 50 })).toEqual({ scale: 2, x: -100, y: -50 }));
	it('stops growing', () => expect(zoomed({ scale: 5, x: 0, y: 0 }, 4).scale).toBe(6));
	it.each([
		[-90, 5, 'next'],
		[90, -5, 'previous'],
		[10, 140, 'close'],
		[10, -140, null],
		[80, 75, null],
		[30, 0, null],
	] as const)('reads %i, %i as %s', (dx, dy, what) => expect(gesture(dx, dy)).toBe(what));
	it('turns as the text is read', () => expect(gesture(-90, 0, true)).toBe('previous'));
});
