import { describe, expect, it } from 'vitest';
import { choose, clampFocus, focusAt, focusMoved, limitsOf } from './files';

const limits = { ...limitsOf(null), types: ['image/png', 'video/mp4', 'audio/mpeg'], image: 100, video: 1000 };
const file = (name: string, type = 'image/png', size = 10) => new File([new Uint8Array(size)], name, { type });
const keys = (files: File[], present: string[] = []) => choose(files, present, limits).refused.map(({ key }) => key);

describe('choosing files', () => {
	it('takes as many as a post holds', () => {
		const { taken, refused } = choose(['a', 'b', 'c', 'd', 'e'].map((name) => file(name)), [], limits);
		expect(taken.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
		expect(refused).toEqual([{ key: 'upload.tooMany', name: 'e', limit: 4 }]);
	});
	it.each([
		['a kind the server does not take', file('a', 'text/plain'), 'upload.wrongType'],
		['an empty file', file('a', 'image/png', 0), 'upload.empty'],
		['too large a picture', file('a', 'image/png', 101), 'upload.tooLarge'],
		['too large a film', file('a', 'video/mp4', 1001), 'upload.tooLarge'],
	])('refuses %s', (_, wrong, key) => expect(keys([wrong])).toEqual([key]));
	it('lets a film be larger than a picture', () => expect(keys([file('a', 'video/mp4', 900)])).toEqual([]));
	it('takes a file whose kind the browser does not know', () => expect(keys([file('a.heic', '')])).toEqual([]));
	it.each([
		[['image/png'], 'video/mp4'],
		[['video/mp4'], 'image/png'],
		[['audio'], 'audio/mpeg'],
		[['video'], 'image/png'],
	])('keeps films and sounds alone: %s and %s', (present, type) => expect(keys([file('a', type)], present)).toEqual(['upload.mixed']));
	it('puts a silent loop beside pictures', () => expect(keys([file('a')], ['gifv'])).toEqual([]));
});

describe('the focus', () => {
	const box = { left: 100, top: 50, width: 200, height: 100 };
	it.each([
		[200, 100, { x: 0, y: 0 }],
		[100, 50, { x: -1, y: 1 }],
		[300, 150, { x: 1, y: -1 }],
		[900, -10, { x: 1, y: 1 }],
	])('is where the pointer is: %i, %i', (x, y, expected) => expect(focusAt(x, y, box)).toEqual(expected));
	it('goes up with the arrow up', () => expect(focusMoved({ x: 0, y: 0 }, 'ArrowUp')).toEqual({ x: 0, y: 0.05 }));
	it('stays in the picture', () => expect(clampFocus({ x: 3, y: -3 })).toEqual({ x: 1, y: -1 }));
	it('leaves other keys alone', () => expect(focusMoved({ x: 0, y: 0 }, 'Tab')).toBeNull());
});
