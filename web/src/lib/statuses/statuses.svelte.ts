import { SvelteMap } from 'svelte/reactivity';
import { accounts } from '../accounts/accounts.svelte';
import * as api from '../api/statuses';
import type { Poll, Status } from '../api/entities';

type Flag = 'favourited' | 'reblogged' | 'bookmarked' | 'pinned';
type Send = (id: string) => Promise<Status>;

const counted: Partial<Record<Flag, 'favourites_count' | 'reblogs_count'>> = {
	favourited: 'favourites_count',
	reblogged: 'reblogs_count',
};

/** As many statuses as the API gives in one answer. */
const AT_ONCE = 20;

/** Every status the app has seen, each once. Lists hold ids and look them up here. */
export class Statuses {
	#seen = new SvelteMap<string, Status>();
	/** Wishes on their way to the server: what arrives meanwhile does not know of them yet. */
	#wishes = new Map<string, { value: boolean; turn: number; before: Promise<unknown> }>();
	#turn = 0;
	/** How many places show a status. */
	#shown = new Map<string, number>();
	#reading = 0;

	get = (id: string): Status | undefined => this.#seen.get(id);

	/** A boost and a quote are split: the status inside gets an entry of its own. */
	keep = (status: Status): void => {
		accounts.keep(status.account);
		if (status.reblog) this.keep(status.reblog);
		if (status.quote?.quoted_status) this.keep(status.quote.quoted_status);
		const known = this.#seen.get(status.id);
		// An answer fetched signed out, or nested, may lack what we know of the reader.
		this.#seen.set(status.id, this.#withWishes({ ...flagsOf(known), ...status, poll: pollOf(known, status) }));
	};

	keepAll = (statuses: Status[]): void => statuses.forEach(this.keep);
	forget = (id: string): void => void this.#seen.delete(id);

	/** Says that a status is shown somewhere, until the answer is called. */
	watch = (id: string): (() => void) => {
		this.#shown.set(id, (this.#shown.get(id) ?? 0) + 1);
		return () => {
			const left = (this.#shown.get(id) ?? 1) - 1;
			if (left) this.#shown.set(id, left);
			else this.#shown.delete(id);
		};
	};

	/** Reads again what is shown, in whichever column: the reader's filters changed. */
	async readAgain(): Promise<void> {
		const turn = ++this.#reading;
		const ids = [...this.#shown.keys()];
		for (let at = 0; at < ids.length && turn === this.#reading; at += AT_ONCE) {
			try {
				this.keepAll(await api.several(ids.slice(at, at + AT_ONCE)));
			} catch {
				// they stay as they were
			}
		}
	}

	keepPoll = (id: string, poll: Poll): void => this.#change(id, { poll });

	/** One more answer, before the server's own count comes by. */
	answered = (id: string): void => this.#change(id, { replies_count: (this.get(id)?.replies_count ?? 0) + 1 });

	favourite = (id: string) => this.#wish(id, 'favourited', true, api.favourite);
	unfavourite = (id: string) => this.#wish(id, 'favourited', false, api.unfavourite);
	boost = (id: string) => this.#wish(id, 'reblogged', true, api.boost);
	unboost = (id: string) => this.#wish(id, 'reblogged', false, api.unboost);
	bookmark = (id: string) => this.#wish(id, 'bookmarked', true, api.bookmark);
	unbookmark = (id: string) => this.#wish(id, 'bookmarked', false, api.unbookmark);
	pin = (id: string) => this.#wish(id, 'pinned', true, api.pin);
	unpin = (id: string) => this.#wish(id, 'pinned', false, api.unpin);

	/** Gives the post as it was typed. */
	async remove(id: string): Promise<Status> {
		const gone = await api.remove(id);
		this.forget(id);
		return gone;
	}

	/**
	 * Show the wish now; settle on the server's answer, or take back only the wish.
	 * Wishes about the same flag go to the server one after another, and only the
	 * last one has a say in what is shown.
	 */
	async #wish(id: string, flag: Flag, value: boolean, send: Send): Promise<void> {
		const key = `${id} ${flag}`;
		const turn = ++this.#turn;
		const sent = (this.#wishes.get(key)?.before ?? Promise.resolve()).then(() => send(id));
		this.#wishes.set(key, { value, turn, before: sent.catch(() => {}) });
		this.#show(id, flag, value);
		const isLast = () => this.#wishes.get(key)?.turn === turn;
		try {
			const answer = await sent;
			if (!isLast()) return;
			this.#wishes.delete(key);
			this.keep(answer);
		} catch (error) {
			if (!isLast()) return;
			this.#wishes.delete(key);
			this.#show(id, flag, !value);
			throw error; // the caller tells the person
		}
	}

	#show(id: string, flag: Flag, value: boolean): void {
		const status = this.#seen.get(id);
		if (!status || Boolean(status[flag]) === value) return;
		const count = counted[flag];
		this.#change(id, {
			[flag]: value,
			...(count ? { [count]: Math.max(0, status[count] + (value ? 1 : -1)) } : {}),
		});
	}

	#change(id: string, part: Partial<Status>): void {
		const status = this.#seen.get(id);
		if (status) this.#seen.set(id, { ...status, ...part });
	}

	#withWishes(status: Status): Status {
		let shown = status;
		for (const flag of ['favourited', 'reblogged', 'bookmarked', 'pinned'] as const) {
			const wish = this.#wishes.get(`${status.id} ${flag}`);
			if (wish) shown = { ...shown, [flag]: wish.value };
		}
		return shown;
	}
}

/** A stream tells a poll without the reader's own votes. */
function pollOf(known: Status | undefined, { poll }: Status): Poll | null {
	if (!poll || poll.voted !== undefined || known?.poll?.id !== poll.id) return poll;
	const { voted, own_votes } = known.poll;
	return { ...poll, voted, own_votes };
}

function flagsOf(status: Status | undefined): Partial<Status> {
	if (!status) return {};
	const { favourited, reblogged, bookmarked, pinned, muted } = status;
	return Object.fromEntries(
		Object.entries({ favourited, reblogged, bookmarked, pinned, muted }).filter(([, value]) => value !== undefined),
	);
}

export const statuses = new Statuses();
