import { SvelteMap } from 'svelte/reactivity';
import { accounts } from '../accounts/accounts.svelte';
import * as api from '../api/notifications';
import { ApiError } from '../api/client';
import type { Notification, Status } from '../api/entities';
import { stream } from '../session/stream';
import { statuses } from '../statuses/statuses.svelte';
import { isNewer, Pager } from '../timelines/pager.svelte';

const MARK = 'anancus.read.notifications';

/** The reader's notifications, shared by every column and badge that shows them. */
class Notifications {
	#seen = new SvelteMap<string, Notification>();
	readUpTo = $state('');

	get = (id: string) => this.#seen.get(id);

	keep = (items: Notification[]): void => {
		for (const item of items) {
			accounts.keep(item.account);
			if (item.status) statuses.keep(item.status);
			this.#seen.set(item.id, item);
		}
	};

	// What a policy filters is shown as well, until the app has a place for requests.
	all = this.#pager('/api/v1/notifications?include_filtered=true');
	mentions = this.#pager('/api/v1/notifications?include_filtered=true&types[]=mention&types[]=quote');

	/** How many are newer than the mark; shown and held ones alike. */
	unread = $derived([...this.all.held, ...this.all.ids].filter((id) => this.isUnread(id)).length);

	/** Whether somebody wrote to the reader, who has read it. */
	heardOf = $derived(this.readUpTo !== '' && this.all.ids.some((id) => ['mention', 'quote'].includes(this.get(id)?.type ?? '') && !this.isUnread(id)));

	isUnread = (id: string): boolean => this.readUpTo !== '' && isNewer(id, this.readUpTo);

	async start(): Promise<void> {
		this.all.start();
		stream.listen({ stream: 'user' }, { told: this.#told, missed: () => this.#look() });
		try {
			this.readUpTo = (await api.markers()).notifications?.last_read_id ?? '0';
		} catch {
			this.readUpTo = localStorage.getItem(MARK) ?? '0'; // a server without markers: this device remembers
		}
	}

	/** The reader's own stream tells of notifications, and of what becomes of statuses wherever they are shown. */
	#told = (event: string, payload: string): void => {
		if (event === 'notification') {
			const item = JSON.parse(payload) as Notification;
			this.all.arrive(item);
			if (['mention', 'quote'].includes(item.type)) this.mentions.arrive(item);
		} else if (event === 'notifications_merged') this.#look();
		else if (event === 'status.update') statuses.keep(JSON.parse(payload) as Status);
		else if (event === 'filters_changed') void statuses.readAgain();
	};

	#look(): void {
		void this.all.poll();
		void this.mentions.poll();
	}

	/** Only on the reader's word: opening the page does not move the mark. */
	async markRead(): Promise<void> {
		const newest = this.all.newest;
		if (!newest || newest === this.readUpTo) return;
		const before = this.readUpTo;
		this.readUpTo = newest;
		try {
			localStorage.setItem(MARK, newest);
			await api.markRead(newest);
		} catch (error) {
			if (error instanceof ApiError && error.code === 404) return;
			this.readUpTo = before;
			throw error;
		}
	}

	#pager(path: string): Pager<Notification> {
		return new Pager<Notification>({ path, keep: (items) => this.keep(items), live: true, limit: 30 });
	}
}

export const notifications = new Notifications();
