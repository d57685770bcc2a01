import { expect, it, vi } from 'vitest';
import { followed, match } from './router';
import { Nav } from './nav.svelte';

vi.stubGlobal('scrollTo', () => {});

it.each([
	['/', '/', {}],
	['/home', '/home', {}],
	['/home/', '/home', {}],
	['/public/local', '/public/local', {}],
	['/@ada', '/@:acct', { acct: 'ada' }],
	['/@ada@far.example', '/@:acct', { acct: 'ada@far.example' }],
	['/@ada/116503434343434344', '/@:acct/:id', { acct: 'ada', id: '116503434343434344' }],
	['/@ada/with_replies', '/@:acct/with_replies', { acct: 'ada' }],
	['/@ada/followers', '/@:acct/followers', { acct: 'ada' }],
	['/tags/%E5%86%99%E7%9C%9F?x=1', '/tags/:tag', { tag: '写真' }],
	['/tags/100%', '/tags/:tag', { tag: '100%' }],
	['/collections/116503434343434344', '/collections/:id', { id: '116503434343434344' }],
	['/search?q=a/b', '/search', {}],
])('%s is %s', (path, pattern, params) => {
	const found = match(path)!;
	expect(found.route.pattern).toBe(pattern);
	expect(found.params).toEqual(params);
});

it.each(['/nowhere', '/collections/x', '/@ada/nothing', '/auth/sign_in', '/api/v1/statuses', '/@ada/1/2'])('%s is not ours', (path) =>
	expect(match(path)).toBeNull(),
);

it('leaves modified clicks, other origins and server pages to the browser', () => {
	const click = (html: string, init: MouseEventInit = {}) => {
		document.body.innerHTML = html;
		let path: string | null = null;
		document.body.addEventListener('click', (event) => ((path = followed(event)), event.preventDefault()), { once: true });
		document.querySelector('a')!.firstChild!.parentElement!.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ...init }));
		return path;
	};
	expect(click('<a href="/home">a</a>')).toBe('/home');
	expect(click('<a href="/home">a</a>', { ctrlKey: true })).toBeNull();
	expect(click('<a href="https://far.example/home">a</a>')).toBeNull();
	expect(click('<a href="/auth/sign_in">a</a>')).toBeNull();
});

it('each column goes back to what it kept', () => {
	const nav = new Nav('/home');
	const first = nav.current.keep('list', () => ({ n: 1 }));
	nav.push('/@ada');
	nav.push('/@ada/1');
	expect(nav.canGoBack).toBe(true);
	nav.back();
	expect(nav.current.path).toBe('/@ada');
	nav.home();
	expect(nav.current.keep('list', () => ({ n: 2 }))).toBe(first);
});
