import { landing, read, show } from './lib/push/message';

/**
 * Receives pushes while no page is open, and leads from a notification to what it tells of. It keeps no copies of the app and
 * answers no requests: what a browser shows always comes from the server, so an old worker cannot keep an old app alive.
 */
declare const self: ServiceWorkerGlobalScope;

const API = '/api/v1/push/subscription';

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

// Browsers want every push to be shown, also one that cannot be read.
self.addEventListener('push', (event) => {
	const { title, options } = show(read(textOf(event.data)));
	event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener('notificationclick', (event) => {
	event.notification.close();
	event.waitUntil(open(landing(event.notification.data, self.location.origin)));
});

// The browser, or its push service, changed the address on its own.
self.addEventListener('pushsubscriptionchange', (event) => (event as ExtendableEvent).waitUntil(renew()));

function textOf(data: PushMessageData | null): string {
	try {
		return data?.text() ?? '';
	} catch {
		return '';
	}
}

/** An open tab is shown the page; where there is none, one opens. */
async function open(path: string): Promise<void> {
	const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
	const tab = tabs.find(({ focused }) => focused) ?? tabs[0];
	if (!tab) return void (await self.clients.openWindow(path));
	tab.postMessage({ go: path });
	await tab.focus();
}

/** Subscribes anew with the wishes that the server knows; where it knows none, the reader wants none. */
async function renew(): Promise<void> {
	const answer = await fetch(API, { credentials: 'same-origin' });
	if (!answer.ok) return;
	const { server_key, alerts, policy, endpoint } = (await answer.json()) as { server_key: string; alerts: object; policy: string; endpoint: string };
	const subscription =
		(await self.registration.pushManager.getSubscription()) ??
		(await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: server_key.replace(/=+$/, '') }));
	if (subscription.endpoint === endpoint) return;
	const { keys } = subscription.toJSON();
	await fetch(API, {
		method: 'POST',
		credentials: 'same-origin',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ subscription: { endpoint: subscription.endpoint, keys, standard: true }, data: { alerts, policy } }),
	});
}
