import { expect, it } from 'vitest';
import type { Status } from '../api/entities';
import { layoutThread, MAX_DEPTH } from './thread';

const reply = (id: string, in_reply_to_id: string) => ({ id, in_reply_to_id }) as Status;

it('lays replies out as a tree with lines to later siblings', () => {
	const rows = layoutThread('0', [reply('1', '0'), reply('2', '1'), reply('3', '2'), reply('4', '1'), reply('5', '0')]);
	expect(rows).toEqual([
		{ id: '1', depth: 0, through: [], continues: false, hasChildren: true },
		{ id: '2', depth: 1, through: [], continues: true, hasChildren: true },
		{ id: '3', depth: 2, through: [1], continues: false, hasChildren: false },
		{ id: '4', depth: 1, through: [], continues: false, hasChildren: false },
		{ id: '5', depth: 0, through: [], continues: false, hasChildren: false },
	]);
});

it('stops going further in at some depth', () => {
	const chain = Array.from({ length: 10 }, (_, i) => reply(String(i + 1), String(i)));
	expect(Math.max(...layoutThread('0', chain).map((row) => row.depth))).toBe(MAX_DEPTH);
});

it('shows a reply whose parent is hidden, and survives circles', () => {
	expect(layoutThread('0', [reply('1', 'gone')]).map((row) => row.id)).toEqual(['1']);
	expect(layoutThread('0', [reply('1', '2'), reply('2', '1')])).toEqual([]);
});
