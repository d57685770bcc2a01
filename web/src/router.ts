import type { Component } from 'svelte';
import type { Nav } from './nav.svelte';

/** What every page is given: the parts of its address, and the stack it lives in. */
export interface PageProps {
	params: Record<string, string>;
	nav: Nav;
}

/** A page may need less than it is given. */
export type PageComponent = Component<PageProps> | Component<Record<string, never>>;
type Load = () => Promise<{ default: PageComponent }>;

interface Route {
	pattern: string;
	load: Load;
	/** Pages that make no sense without an account. */
	signedIn?: boolean;
}

const timeline: Load = () => import('./pages/Timeline.svelte');
const profile: Load = () => import('./pages/Profile.svelte');
const people: Load = () => import('./pages/People.svelte');

export const routes: Route[] = [
	{ pattern: '/', load: () => import('./pages/Welcome.svelte') },
	{ pattern: '/home', load: timeline, signedIn: true },
	{ pattern: '/public/local', load: timeline },
	{ pattern: '/public', load: timeline },
	{ pattern: '/tags/:tag', load: timeline },
	{ pattern: '/collections/:id', load: () => import('./pages/Collection.svelte') },
	{ pattern: '/bookmarks', load: timeline, signedIn: true },
	{ pattern: '/favourites', load: timeline, signedIn: true },
	{ pattern: '/notifications', load: () => import('./pages/Notifications.svelte'), signedIn: true },
	{ pattern: '/settings/notifications', load: () => import('./pages/PushSettings.svelte'), signedIn: true },
	{ pattern: '/follow_requests', load: () => import('./pages/FollowRequests.svelte'), signedIn: true },
	{ pattern: '/search', load: () => import('./pages/Search.svelte') },
	{ pattern: '/menu', load: () => import('./pages/Menu.svelte') },
	{ pattern: '/authorize_interaction', load: () => import('./pages/AuthorizeInteraction.svelte'), signedIn: true },
	{ pattern: '/@:acct', load: profile },
	{ pattern: '/@:acct/with_replies', load: profile },
	{ pattern: '/@:acct/media', load: profile },
	{ pattern: '/@:acct/followers', load: people },
	{ pattern: '/@:acct/following', load: people },
	{ pattern: '/@:acct/:id', load: () => import('./pages/Thread.svelte') },
];

export const missing: Load = () => import('./pages/Missing.svelte');

export interface Match {
	route: Route;
	params: Record<string, string>;
}

const compiled = routes.map((route) => ({ route, test: compile(route.pattern) }));

export function match(path: string): Match | null {
	const pathname = path.split(/[?#]/, 1)[0]!.replace(/(.)\/+$/, '$1');
	for (const { route, test } of compiled) {
		const found = test.exec(pathname);
		if (found) return { route, params: decode({ ...found.groups }) };
	}
	return null;
}

/** A name that ends in id must be a number, so that /@ada/anything-else is not taken for a status. */
function compile(pattern: string): RegExp {
	const body = pattern
		.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
		.replace(/:(\w+)/g, (_, name: string) => `(?<${name}>${name === 'id' ? '\\d+' : '[^/]+'})`);
	return new RegExp(`^${body}$`);
}

function decode(params: Record<string, string>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(params).map(([name, value]) => {
			try {
				return [name, decodeURIComponent(value)];
			} catch {
				return [name, value];
			}
		}),
	);
}

/**
 * Where a click on a link stays inside the app. Links are plain links, so they can
 * be opened in a new tab, copied, and read by any browser.
 */
export function followed(event: MouseEvent): string | null {
	if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
	const link = (event.target as Element | null)?.closest?.('a');
	if (!link || link.target === '_blank' || link.hasAttribute('download') || link.dataset.plain !== undefined) return null;
	const url = new URL(link.href, location.origin);
	if (url.origin !== location.origin || (url.hash && url.pathname === location.pathname)) return null;
	const path = url.pathname + url.search;
	return match(path) ? path : null;
}
