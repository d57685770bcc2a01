/** What a push says and how it is shown. Only the service worker uses it: it travels with that, and not with the app. */

export interface Pushed {
	notification_id: number;
	notification_type: string;
	preferred_locale: string;
	icon: string;
	title: string;
	body: string;
	/** Where it leads within the app. */
	page: string;
	/** What is alike has one key: a fifth like takes the place of the fourth. */
	group_key: string;
}

const FALLBACK = '/notifications';

/** Reads a push; null when it is none of ours. */
export function read(text: string): Pushed | null {
	try {
		const told: unknown = JSON.parse(text);
		if (!told || typeof told !== 'object' || !('title' in told) || typeof told.title !== 'string' || !told.title) return null;
		const value = (name: string): string => {
			const found = (told as Record<string, unknown>)[name];
			return typeof found === 'string' ? found : '';
		};
		const id = (told as { notification_id?: unknown }).notification_id;
		return {
			notification_id: typeof id === 'number' ? id : 0,
			notification_type: value('notification_type'),
			preferred_locale: value('preferred_locale'),
			icon: value('icon'),
			title: told.title,
			body: value('body'),
			page: value('page') || FALLBACK,
			group_key: value('group_key'),
		};
	} catch {
		return null;
	}
}

export interface Shown {
	title: string;
	options: NotificationOptions;
}

export function show(told: Pushed | null): Shown {
	if (!told) return { title: 'Anancus', options: { tag: 'unread', data: { page: FALLBACK } } };
	return {
		title: told.title,
		options: {
			body: told.body,
			...(/^https?:\/\//.test(told.icon) ? { icon: told.icon } : {}),
			tag: told.group_key || String(told.notification_id),
			lang: told.preferred_locale,
			dir: 'auto',
			data: { page: told.page },
		},
	};
}

/** The path that a notification leads to: one of ours, whatever it says. */
export function landing(data: unknown, origin: string): string {
	const page = data && typeof data === 'object' && 'page' in data ? data.page : null;
	if (typeof page !== 'string') return FALLBACK;
	try {
		const url = new URL(page, origin);
		return url.origin === origin ? url.pathname + url.search : FALLBACK;
	} catch {
		return FALLBACK;
	}
}
