import * as api from '../api/push';
import { ApiError } from '../api/client';
import type { Wishes } from '../api/push';
import { session } from '../session/session.svelte';

/** What can be told by push, in the order of the settings. */
export const kinds = ['mention', 'quote', 'follow', 'follow_request', 'status', 'poll', 'favourite', 'reblog', 'update', 'quoted_update'] as const;
/** For those who look after the server. */
export const staffKinds = ['admin.report', 'admin.sign_up'] as const;

/** At first: what somebody says to one, and nothing that is only counted. */
const quiet = new Set<string>(['favourite', 'reblog', 'update', 'quoted_update']);
const usual = (): Wishes => ({ alerts: Object.fromEntries([...kinds, ...staffKinds].map((kind) => [kind, !quiet.has(kind)])), policy: 'all' });

const OFFERED = 'anancus.push.offered';

export type PushState = 'unknown' | 'unsupported' | 'denied' | 'off' | 'on';

/** Notifications of this browser, while no page is open. Nothing is asked of the reader before they ask for it. */
export class Push {
	state = $state<PushState>('unknown');
	wishes = $state.raw<Wishes>(usual());
	/** Something is on its way to the server or the browser. */
	busy = $state(false);
	/** The offer was answered, or settings were found without it. */
	offered = $state(localStorage.getItem(OFFERED) !== null);

	get supported(): boolean {
		return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
	}

	/** Sees how things stand, without asking anybody for anything. */
	async look(): Promise<void> {
		if (!this.supported) this.state = 'unsupported';
		else if (Notification.permission === 'denied') this.state = 'denied';
		else {
			const here = Notification.permission === 'granted' ? await this.#here() : null;
			// The server is asked only where there is something to ask about.
			const there = here && (await this.#there());
			if (there && there.endpoint === here?.endpoint) this.#is(there);
			else this.state = 'off';
		}
	}

	/** On the reader's word: asks for the permission, and subscribes. */
	async turnOn(): Promise<void> {
		await this.#doing(async () => {
			this.settleOffer();
			if ((await Notification.requestPermission()) !== 'granted') return this.look();
			await navigator.serviceWorker.register('/sw.js', { scope: '/', updateViaCache: 'none' });
			const { pushManager } = await navigator.serviceWorker.ready;
			await (await pushManager.getSubscription())?.unsubscribe(); // one for another key, or another member
			const key = session.server?.configuration?.vapid?.public_key ?? '';
			const here = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key.replace(/=+$/, '') });
			try {
				this.#is(await api.subscribe(here.toJSON(), this.wishes));
			} catch (error) {
				await here.unsubscribe();
				throw error;
			}
		});
	}

	async turnOff(): Promise<void> {
		await this.#doing(async () => {
			await api.unsubscribe();
			await (await this.#here())?.unsubscribe();
			this.state = 'off';
		});
	}

	/** Shows a wish at once, and takes it back if the server does not take it. */
	async wish(wishes: Partial<Wishes>): Promise<void> {
		const before = this.wishes;
		this.wishes = { ...before, ...wishes };
		if (this.state !== 'on') return; // it is sent along when it is turned on
		try {
			this.#is(await api.change(this.wishes));
		} catch (error) {
			this.wishes = before;
			throw error;
		}
	}

	settleOffer(): void {
		this.offered = true;
		localStorage.setItem(OFFERED, '1');
	}

	/** After signing out this browser is told nothing more, and shows nothing of what it was told. */
	async forget(): Promise<void> {
		if (!this.supported) return;
		const registration = await navigator.serviceWorker.getRegistration('/');
		await (await registration?.pushManager.getSubscription())?.unsubscribe();
		for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
	}

	#is({ alerts, policy }: Wishes): void {
		this.wishes = { alerts, policy };
		this.state = 'on';
	}

	async #here(): Promise<PushSubscription | null> {
		const registration = await navigator.serviceWorker.getRegistration('/');
		return (await registration?.pushManager.getSubscription()) ?? null;
	}

	async #there() {
		try {
			return await api.subscription();
		} catch (error) {
			if (error instanceof ApiError && error.code === 404) return null;
			throw error;
		}
	}

	async #doing(action: () => Promise<void>): Promise<void> {
		this.busy = true;
		try {
			await action();
		} finally {
			this.busy = false;
		}
	}
}

export const push = new Push();
