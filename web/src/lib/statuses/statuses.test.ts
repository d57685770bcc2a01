import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as api from '../api/statuses';
import type { Status } from '../api/entities';
import { Statuses } from './statuses.svelte';

vi.mock('../api/statuses');

const status = (part: Partial<Status> = {}): Status =>
	({ id: '1', account: { id: '9', acct: 'ada' }, favourites_count: 2, reblogs_count: 0, reblog: null, favourited: false, reblogged: false, bookmarked: false, ...part }) as Status;

let statuses: Statuses;
beforeEach(() => {
	vi.resetAllMocks();
	statuses = new Statuses();
	statuses.keep(status());
});

describe('wishes', () => {
	it('shows at once and settles on the answer', async () => {
		let settle!: (answer: Status) => void;
		vi.mocked(api.favourite).mockReturnValue(new Promise((resolve) => (settle = resolve)));
		const done = statuses.favourite('1');
		expect(statuses.get('1')).toMatchObject({ favourited: true, favourites_count: 3 });
		await Promise.resolve();
		settle(status({ favourited: true, favourites_count: 7 }));
		await done;
		expect(statuses.get('1')).toMatchObject({ favourited: true, favourites_count: 7 });
	});

	it('takes back only the wish when the server refuses', async () => {
		vi.mocked(api.bookmark).mockRejectedValue(new Error('no'));
		const done = statuses.bookmark('1');
		statuses.keep(status({ favourites_count: 5 }));
		await expect(done).rejects.toThrow('no');
		expect(statuses.get('1')).toMatchObject({ bookmarked: false, favourites_count: 5 });
	});

	it('is not undone by a timeline that has not heard of it yet', async () => {
		vi.mocked(api.favourite).mockResolvedValue(status({ favourited: true, favourites_count: 3 }));
		const done = statuses.favourite('1');
		statuses.keep(status({ favourited: false }));
		expect(statuses.get('1')?.favourited).toBe(true);
		await done;
	});

	it('ends as the last click said, in order', async () => {
		const sent: string[] = [];
		vi.mocked(api.favourite).mockImplementation(async () => (sent.push('on'), status({ favourited: true, favourites_count: 3 })));
		vi.mocked(api.unfavourite).mockImplementation(async () => (sent.push('off'), status({ favourited: false, favourites_count: 2 })));
		await Promise.all([statuses.favourite('1'), statuses.unfavourite('1')]);
		expect(sent).toEqual(['on', 'off']);
		expect(statuses.get('1')).toMatchObject({ favourited: false, favourites_count: 2 });
	});

	it('sees through the boost the server answers with', async () => {
		vi.mocked(api.boost).mockResolvedValue(status({ id: '2', reblog: status({ reblogged: true, reblogs_count: 1 }) }));
		await statuses.boost('1');
		expect(statuses.get('1')).toMatchObject({ reblogged: true, reblogs_count: 1 });
	});
});

it('splits a boost into two entries', () => {
	statuses.keep(status({ id: '3', reblog: status({ id: '4', favourites_count: 8 }) }));
	expect(statuses.get('4')?.favourites_count).toBe(8);
});

describe('filters that change', () => {
	it('are looked up again for what is shown, once each and in bounded parts', async () => {
		const list = Array.from({ length: 25 }, (_, n) => status({ id: String(100 + n) }));
		statuses.keepAll(list);
		const stop = list.map(({ id }) => statuses.watch(id));
		stop.push(statuses.watch('100'));
		stop[24]!();
		stop[0]!(); // shown elsewhere still
		const filtered = [{ filter: { title: 'tusks', filter_action: 'hide' } }] as unknown as Status['filtered'];
		vi.mocked(api.several).mockImplementation(async (ids) => ids.map((id) => status({ id, filtered })));
		await statuses.readAgain();
		const asked = vi.mocked(api.several).mock.calls.map(([ids]) => ids);
		expect(asked.map((ids) => ids.length)).toEqual([20, 4]);
		expect(new Set(asked.flat()).size).toBe(24);
		expect(asked.flat()).not.toContain('124');
		expect([statuses.get('100')?.filtered, statuses.get('124')?.filtered]).toEqual([filtered, undefined]);
	});

	it('leave what could not be read as it was', async () => {
		statuses.watch('1');
		vi.mocked(api.several).mockRejectedValue(new Error('away'));
		await statuses.readAgain();
		expect(statuses.get('1')).toMatchObject({ favourites_count: 2 });
	});
});
