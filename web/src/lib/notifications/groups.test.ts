import { expect, it } from 'vitest';
import type { Notification } from '../api/entities';
import { group } from './groups';

const n = (id: string, type: string, status?: string, hour = 12) =>
	({ id, type, created_at: `2026-11-21T${hour}:00:00Z`, status: status ? { id: status } : null }) as Notification;

it('folds alike neighbours into one row', () => {
	const rows = group([n('9', 'favourite', 'a'), n('8', 'mention', 'b'), n('7', 'favourite', 'a'), n('6', 'favourite', 'c'), n('5', 'follow'), n('4', 'follow')]);
	expect(rows.map((row) => row.ids)).toEqual([['9', '7'], ['8'], ['6'], ['5', '4']]);
});

it('keeps mentions apart, and days apart', () => {
	expect(group([n('2', 'mention', 'a'), n('1', 'mention', 'a')])).toHaveLength(2);
	expect(group([n('2', 'follow', undefined, 23), n('1', 'follow', undefined, 10)])).toHaveLength(2);
});
