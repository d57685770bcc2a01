import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Push } from './push.svelte';
import { session } from '../session/session.svelte';
import type { Instance } from '../api/entities';

/** A browser's part of it. */
class Browser {
	permission: NotificationPermission = 'default';
	answer: NotificationPermission = 'granted';
	asked = 0;
	endpoint: string | null = null;
	made = 0;
	shown = [{ close: vi.fn() }];
	refuses = false;

	#subscription = () =>
		this.endpoint === null ? null : { endpoint: this.endpoint, toJSON: () => ({ endpoint: this.endpoint, keys: { p256dh: 'k', auth: 'a' } }), unsubscribe: async () => ((this.endpoint = null), true) };
	registration = {
		pushManager: {
			getSubscription: async () => this.#subscription(),
			subscribe: vi.fn(async () => {
				if (this.refuses) throw new DOMException('no push service', 'AbortError');
				this.endpoint = `https://push.example/${++this.made}`;
				return this.#subscription();
			}),
		},
		getNotifications: async () => this.shown,
	};
	install() {
		const ask = async () => ((this.asked += 1), (this.permission = this.answer));
		const browser = this;
		vi.stubGlobal('Notification', { get permission() { return browser.permission; }, requestPermission: ask });
		vi.stubGlobal('PushManager', class {});
		Object.defineProperty(navigator, 'serviceWorker', {
			configurable: true,
			value: { register: vi.fn(async () => this.registration), getRegistration: async () => this.registration, ready: Promise.resolve(this.registration) },
		});
	}
}

/** The server's part: one subscription. */
let kept: Record<string, unknown> | null;
let calls: string[];
let broken: number | null;
const server = async (path: string, { method, body }: { method: string; body?: string }) => {
	calls.push(`${method} ${path}`);
	const data = body ? JSON.parse(body) : {};
	const answer = (code: number, value: unknown) => new Response(JSON.stringify(value), { status: code });
	if (broken) return answer(broken, { error: 'broken' });
	if (method === 'POST') kept = { endpoint: data.subscription.endpoint, ...data.data };
	if (method === 'PUT') kept = { ...kept, ...data.data };
	if (method === 'DELETE') kept = null;
	if (method === 'GET' && !kept) return answer(404, { error: 'Record not found' });
	return answer(200, kept ?? {});
};

let browser: Browser;
beforeEach(() => {
	localStorage.clear();
	kept = broken = null;
	calls = [];
	browser = new Browser();
	browser.install();
	vi.stubGlobal('fetch', vi.fn(server));
	session.server = { configuration: { vapid: { public_key: 'BKEY=' } } } as Instance;
});
afterEach(() => vi.unstubAllGlobals());

it('asks nobody for anything before the reader does', async () => {
	const push = new Push();
	await push.look();
	expect([push.state, browser.asked, calls.length]).toEqual(['off', 0, 0]);
});

it('is turned on and off again, here and there', async () => {
	const push = new Push();
	await push.wish({ policy: 'followed' });
	await push.turnOn();
	expect([push.state, push.busy, browser.asked, push.offered]).toEqual(['on', false, 1, true]);
	expect(browser.registration.pushManager.subscribe).toHaveBeenCalledWith({ userVisibleOnly: true, applicationServerKey: 'BKEY' });
	expect(kept).toMatchObject({ endpoint: 'https://push.example/1', policy: 'followed', alerts: { mention: true, favourite: false } });
	await push.wish({ alerts: { ...push.wishes.alerts, favourite: true } });
	expect(kept).toMatchObject({ policy: 'followed', alerts: { favourite: true } });

	const later = new Push();
	await later.look();
	expect([later.state, later.wishes.policy, later.offered]).toEqual(['on', 'followed', true]);
	await later.turnOff();
	expect([later.state, kept, browser.endpoint]).toEqual(['off', null, null]);
});

it('says that the browser does not let it, or cannot', async () => {
	const push = new Push();
	browser.answer = 'denied';
	await push.turnOn();
	expect([push.state, calls]).toEqual(['denied', []]);
	vi.unstubAllGlobals();
	await push.look();
	expect(push.state).toBe('unsupported');
});

it('leaves nothing half done where something fails', async () => {
	const push = new Push();
	browser.refuses = true;
	await expect(push.turnOn()).rejects.toThrow('no push service');
	browser.refuses = false;
	broken = 422;
	await expect(push.turnOn()).rejects.toThrow('broken');
	expect([browser.endpoint, push.busy]).toEqual([null, false]);
	broken = null;
	await push.turnOn();
	broken = 500;
	const before = push.wishes;
	await expect(push.wish({ policy: 'none' })).rejects.toThrow('broken');
	expect([push.wishes, push.state]).toEqual([before, 'on']);
});

it('does not take the subscription of another member for its own', async () => {
	browser.permission = 'granted';
	browser.endpoint = 'https://push.example/theirs';
	const push = new Push();
	await push.look();
	expect(push.state).toBe('off');
	await push.turnOn();
	expect(kept).toMatchObject({ endpoint: 'https://push.example/1' });
});

it('forgets everything when its reader signs out', async () => {
	const push = new Push();
	await push.turnOn();
	await push.forget();
	expect(browser.endpoint).toBeNull();
	expect(browser.shown[0]!.close).toHaveBeenCalled();
});
