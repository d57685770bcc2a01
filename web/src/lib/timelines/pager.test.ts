import { afterEach, expect, it, vi } from 'vitest';
import { isNewer, Pager } from './pager.svelte';

afterEach(() => vi.unstubAllGlobals());

const items = (...ids: number[]) => ids.map((id) => ({ id: String(id) }));

function serve(answers: Record<string, { body: unknown; next?: string; status?: number }>) {
	const asked: string[] = [];
	vi.stubGlobal('fetch', async (path: string) => {
		asked.push(path);
		const found = answers[path] ?? { body: { error: `unexpected ${path}` }, status: 500 };
		const headers: Record<string, string> = found.next ? { Link: `<${found.next}>; rel="next"` } : {};
		return new Response(JSON.stringify(found.body), { status: found.status ?? 200, headers });
	});
	return asked;
}

const pager = () => new Pager({ path: '/t', keep: () => {}, live: true });

it('follows the Link header to its end', async () => {
	serve({ '/t?limit=20': { body: items(9, 8), next: '/t?max_id=8' }, '/t?max_id=8': { body: items(8, 7) } });
	const list = pager();
	await list.load();
	expect(list.next).toBe('/t?max_id=8');
	await list.more();
	expect(list.ids).toEqual(['9', '8', '7']);
	expect(list.next).toBeNull();
});

it('says what went wrong, and can try again', async () => {
	serve({});
	const list = pager();
	await list.load();
	expect(list.state).toBe('failed');
	expect(list.error?.message).toBe('unexpected /t?limit=20');
	serve({ '/t?limit=20': { body: items(1) } });
	await list.load();
	expect(list.ids).toEqual(['1']);
});

it('holds back what is new until asked', async () => {
	serve({ '/t?limit=20': { body: items(2, 1) }, '/t?since_id=2&limit=40': { body: items(4, 3) }, '/t?since_id=4&limit=40': { body: items(5) } });
	const list = pager();
	await list.load();
	await list.poll();
	await list.poll();
	expect(list.ids).toEqual(['2', '1']);
	expect(list.held).toEqual(['5', '4', '3']);
	list.reveal();
	expect(list.ids).toEqual(['5', '4', '3', '2', '1']);
	expect(list.gaps.size).toBe(0);
});

it('marks the hole when more came than one page holds, and fills it', async () => {
	const page = items(...Array.from({ length: 40 }, (_, i) => 100 - i));
	serve({
		'/t?limit=20': { body: items(2, 1) },
		'/t?since_id=2&limit=40': { body: page },
		'/t?max_id=61&since_id=2&limit=40': { body: items(60, 59) },
	});
	const list = pager();
	await list.load();
	await list.poll();
	list.reveal();
	expect([...list.gaps]).toEqual(['61']);
	await list.fillGap('61');
	expect(list.ids.slice(38)).toEqual(['62', '61', '60', '59', '2', '1']);
	expect(list.gaps.size).toBe(0);
});

it('does not miss what came before one\'s own new item', async () => {
	serve({ '/t?limit=20': { body: items(2, 1) }, '/t?since_id=2&limit=40': { body: items(9, 5, 4) } });
	const list = pager();
	await list.load();
	list.prepend('9');
	await list.poll();
	expect(list.held).toEqual(['5', '4']);
});

it('compares ids that are too long for numbers', () => {
	expect(isNewer('10', '9')).toBe(true);
	expect(isNewer('116503434343434345', '116503434343434344')).toBe(true);
	expect(isNewer('9', '9')).toBe(false);
});

it('holds back what a stream tells, in batches, newest first, each once', async () => {
	vi.useFakeTimers();
	const asked = serve({ '/t?limit=20': { body: items(2, 1) }, '/t?since_id=7&limit=40': { body: items(8) } });
	const kept: string[] = [];
	const list = new Pager<{ id: string }>({ path: '/t', keep: (list) => kept.push(...list.map((item) => item.id)), live: true, channel: { stream: 'user' } });
	list.told('update', '{"id":"3"}'); // too early: it will be read
	await list.load();
	kept.length = 0;
	for (const id of [5, 3, 5, 2, 7]) list.told('update', `{"id":"${id}"}`);
	expect(list.held).toEqual([]);
	vi.advanceTimersByTime(250);
	expect(list.held).toEqual(['7', '5', '3']);
	expect(list.ids).toEqual(['2', '1']);
	expect(kept).toEqual(['5', '3', '5', '7']);
	await list.poll(); // only what is newer than that
	expect(list.held).toEqual(['8', '7', '5', '3']);
	expect(asked).toHaveLength(2);
	list.told('update', '{"id":"9"}');
	vi.advanceTimersByTime(250);
	list.prepend('9'); // one's own
	expect(list.held).toEqual(['8', '7', '5', '3']);
	vi.useRealTimers();
});

it('takes out what is gone, shown or held, and what goes with it', async () => {
	vi.useFakeTimers();
	serve({ '/t?limit=20': { body: items(40, 3, 2) } });
	const list = new Pager<{ id: string }>({ path: '/t', keep: () => {}, live: true, goesWith: (id, gone) => id === `${gone}0` });
	await list.load();
	list.told('update', '{"id":"50"}');
	list.told('update', '{"id":"5"}');
	list.told('delete', '3');
	vi.advanceTimersByTime(250);
	list.told('delete', '5');
	list.told('delete', '4');
	list.told('delete', '77');
	list.told('filters_changed', '');
	expect(list.ids).toEqual(['2']);
	expect(list.held).toEqual([]);
	vi.useRealTimers();
});

it('collects nothing without end while nobody looks, and looks when somebody does', async () => {
	vi.useFakeTimers();
	const asked = serve({ '/t?limit=20': { body: items(2, 1) }, '/t?since_id=2&limit=40': { body: items(4, 3) } });
	const list = pager();
	await list.load();
	const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
	for (let id = 1000; id < 1300; id++) list.told('update', `{"id":"${id}"}`);
	vi.advanceTimersByTime(1000);
	expect(list.held).toEqual([]);
	seen.mockReturnValue('visible');
	list.settle();
	await vi.waitFor(() => expect(list.held).toEqual(['4', '3']));
	expect(asked.at(-1)).toBe('/t?since_id=2&limit=40');
	seen.mockRestore();
	vi.useRealTimers();
});
