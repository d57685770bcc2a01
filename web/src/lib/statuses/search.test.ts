import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseRefresh } from '../api/refreshes';
import { Search } from './search.svelte';

let asked: string[] = [];
/** Answers one after the other; the last one again and again. */
function answers(...list: [status: string, count: number, code?: number][]): void {
	asked = [];
	vi.stubGlobal(
		'fetch',
		vi.fn(async (path: string) => {
			const [status, result_count, code = 200] = list[Math.min(asked.length, list.length - 1)]!;
			asked.push(path);
			return new Response(JSON.stringify({ async_refresh: { id: 'context:1', status, result_count } }), { status: code });
		}),
	);
}

const some = { id: 'context:1', retry: 3, count: 2 };
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

it('reads the header', () => {
	expect(parseRefresh('id="context:1", retry=3, result_count=2')).toEqual(some);
	expect(parseRefresh('id="home:1", retry=5')).toEqual({ id: 'home:1', retry: 5, count: 0 });
	expect(parseRefresh('id="x",retry=nothing')).toEqual({ id: 'x', retry: 5, count: 0 });
	expect(parseRefresh('retry=3')).toBeNull();
	expect(parseRefresh(undefined)).toBeNull();
});

it('tells of new replies as soon as some have come, and goes on until the search is over', async () => {
	answers(['running', 2], ['running', 3], ['finished', 4]);
	const search = new Search();
	search.begin(some);
	search.follow();
	expect(asked).toEqual([]);
	await vi.advanceTimersByTimeAsync(3000);
	expect([search.found, search.running !== null]).toEqual([false, true]);
	await vi.advanceTimersByTimeAsync(3000);
	expect([search.found, search.running !== null]).toEqual([true, true]);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(search.running).toBeNull();
	expect(asked).toEqual(Array(3).fill('/api/v1_alpha/async_refreshes/context%3A1'));
	search.begin(null); // they are shown
	expect(search.found).toBe(false);
});

it('says nothing when nothing was found', async () => {
	answers(['finished', 2]);
	const search = new Search();
	search.begin(some);
	search.follow();
	await vi.advanceTimersByTimeAsync(3000);
	expect([search.found, search.running]).toEqual([false, null]);
});

it('stops when the thread is left, and goes on when it is opened again', async () => {
	answers(['running', 3]);
	const search = new Search();
	search.begin(some);
	search.follow()();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(asked).toEqual([]);
	search.follow();
	await vi.advanceTimersByTimeAsync(3000);
	expect([asked.length, search.found]).toEqual([1, true]);
});

it('does not ask for ever, nor again after a failure', async () => {
	answers(['running', 0]);
	const search = new Search();
	search.begin(some);
	search.follow();
	await vi.advanceTimersByTimeAsync(3_600_000);
	expect([asked.length, search.running]).toEqual([60, null]);
	answers(['running', 9, 500]);
	search.begin(some);
	search.follow();
	await vi.advanceTimersByTimeAsync(3_600_000);
	expect([asked.length, search.found, search.running]).toEqual([1, false, null]);
});
