import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, get, getPage, parseLinks, withQuery } from './client';

const answer = (body: unknown, init: ResponseInit = {}) =>
	vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify(body), init)));

afterEach(() => vi.unstubAllGlobals());

describe('the Link header', () => {
	it('gives the following and the previous page, on our own origin', () => {
		const header =
			'<https://public.example/api/v1/timelines/home?limit=20&max_id=5>; rel="next", <https://public.example/api/v1/timelines/home?min_id=9>; rel="prev"';
		expect(parseLinks(header)).toEqual({
			next: '/api/v1/timelines/home?limit=20&max_id=5',
			prev: '/api/v1/timelines/home?min_id=9',
		});
	});
	it('is often missing', () => expect(parseLinks(null)).toEqual({}));
	it('may hold commas and other parameters', () =>
		expect(parseLinks('</a?x=1,2>; title="b, c"; rel=next')).toEqual({ next: '/a?x=1,2' }));
});

describe('asking the server', () => {
	it('returns the page and where the next one is', async () => {
		answer([1], { headers: { Link: '</api/v1/x?max_id=1>; rel="next"' } });
		expect(await getPage('/api/v1/x')).toEqual({ data: [1], next: '/api/v1/x?max_id=1', prev: null });
	});
	it("passes on the server's own words when it refuses", async () => {
		answer({ error: 'Record not found' }, { status: 404 });
		await expect(get('/api/v1/x')).rejects.toMatchObject({ code: 404, message: 'Record not found' });
	});
	it('says when the server cannot be reached', async () => {
		vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('Failed to fetch'))));
		const error = await get('/api/v1/x').catch((e: unknown) => e);
		expect(error).toBeInstanceOf(ApiError);
		expect((error as ApiError).unreachable).toBe(true);
	});
	it('writes lists the way the API reads them', () =>
		expect(withQuery('/a?b=1', { id: ['1', '2'], no: undefined })).toBe('/a?b=1&id%5B%5D=1&id%5B%5D=2'));
});
