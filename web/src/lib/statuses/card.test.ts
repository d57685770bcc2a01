import { describe, expect, it } from 'vitest';
import type { PreviewCard } from '../api/entities';
import { frameOf, siteOf } from './card';

describe('frameOf', () => {
	it('takes the address and the shape of a frame', () => {
		expect(frameOf('<iframe src="https://www.youtube.com/embed/x?a=1&amp;b=2" width="560" height="315"></iframe>')).toEqual({
			src: 'https://www.youtube.com/embed/x?a=1&b=2',
			ratio: '1.7778',
		});
	});
	it('gives a shape to a frame without sides, and bounds one that has none', () => {
		expect(frameOf('<iframe src="https://a.example/"></iframe>')?.ratio).toBe('1.7778');
		expect(frameOf('<iframe src="https://a.example/" width="1" height="4000"></iframe>')?.ratio).toBe('0.6000');
	});
	it('takes nothing else', () => {
		for (const html of ['', '<script src="https://a.example/x.js"></script>', '<iframe srcdoc="<p>x"></iframe>', '<iframe src="javascript:alert(1)"></iframe>', '<iframe src="http://a.example/"></iframe>', '<iframe src="//a.example/"></iframe>', '<embed src="https://a.example/">'])
			expect(frameOf(html)).toBeUndefined();
		expect(frameOf(undefined)).toBeUndefined();
	});
});

describe('siteOf', () => {
	it('prefers the name that the page has for itself', () => {
		const card = { url: 'https://www.news.example/a', provider_name: '' } as PreviewCard;
		expect(siteOf(card)).toBe('news.example');
		expect(siteOf({ ...card, provider_name: 'The News' })).toBe('The News');
		expect(siteOf({ ...card, url: 'javascript:alert(1)' })).toBe('');
	});
});
