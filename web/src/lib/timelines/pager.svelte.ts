import { ApiError, getPage, withQuery } from '../api/client';
import type { Channel } from '../session/stream';

/** The part of a list that can be asked for by address. */
export interface Source<T extends { id: string }> {
	path: string;
	/** Where the items live; the pager itself holds ids only. */
	keep: (items: T[]) => void;
	/** Whether asking for items newer than an id makes sense (it does not for bookmarks). */
	live?: boolean;
	limit?: number;
	/** The stream that tells of what is new, and by which event. */
	channel?: Channel;
	event?: string;
	/** Whether an item goes when another is gone: a boost with what it boosts. */
	goesWith?: (id: string, gone: string) => boolean;
}

const TRIM_ABOVE = 400;
const TRIM_TO = 120;
/** What streams tell is put into the list at most four times a second. */
const BATCH = 250;
/** More than this is not kept for a tab that nobody looks at: it looks for itself when it is seen. */
const WAITING = 200;

/** A long list, read page by page, with what is new held back until the reader asks. */
export class Pager<T extends { id: string }> {
	ids = $state.raw<string[]>([]);
	/** Arrived, but not shown yet. */
	held = $state.raw<string[]>([]);
	/** Below these ids something is missing. */
	gaps = $state.raw<ReadonlySet<string>>(new Set());
	state = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle');
	error = $state<ApiError | null>(null);
	next = $state<string | null>(null);
	loadingMore = $state(false);
	moreError = $state<ApiError | null>(null);

	#source: Source<T>;
	#heldGap = false;
	#polling = false;
	/** The newest id the list itself has given us: one's own new item, put on top, may be newer. */
	#cursor: string | undefined;
	#fresh: T[] = [];
	#missed = false;
	#batch: ReturnType<typeof setTimeout> | undefined;

	constructor(source: Source<T>) {
		this.#source = source;
	}

	get live(): boolean {
		return this.#source.live ?? false;
	}

	get channel(): Channel | undefined {
		return this.#source.channel;
	}

	/** The newest id we know of, shown or held. */
	get newest(): string | undefined {
		return this.held[0] ?? this.ids[0];
	}

	start = (): void => {
		if (this.state === 'idle') void this.load();
	};

	load = async (): Promise<void> => {
		this.state = 'loading';
		this.error = null;
		try {
			const { data, next } = await getPage<T[]>(this.#address());
			this.#source.keep(data);
			this.ids = unique(data.map((item) => item.id));
			this.#cursor = this.ids[0];
			this.held = [];
			this.gaps = new Set();
			this.next = next;
			this.state = 'ready';
		} catch (error) {
			this.error = asApiError(error);
			this.state = 'failed';
		}
	};

	more = async (): Promise<void> => {
		if (!this.next || this.loadingMore) return;
		this.loadingMore = true;
		this.moreError = null;
		try {
			const { data, next } = await getPage<T[]>(this.next);
			this.#source.keep(data);
			this.ids = unique([...this.ids, ...data.map((item) => item.id)]);
			// A page that brings nothing would be asked for again and again.
			this.next = data.length ? next : null;
		} catch (error) {
			this.moreError = asApiError(error);
		} finally {
			this.loadingMore = false;
		}
	};

	/** Looks for what is new and holds it back. Quietly: the next look may succeed. */
	poll = async (): Promise<void> => {
		if (!this.live || this.#polling || this.state !== 'ready') return;
		this.#polling = true;
		const limit = 40;
		try {
			const { data } = await getPage<T[]>(withQuery(this.#source.path, { since_id: this.#cursor, limit }));
			const gap = data.length >= limit && this.#cursor !== undefined;
			this.#cursor = data[0]?.id ?? this.#cursor;
			const known = new Set([...this.held, ...this.ids]);
			const fresh = unique(data.map((item) => item.id)).filter((id) => !known.has(id));
			if (!fresh.length) return;
			this.#source.keep(data);
			if (gap) {
				// More than one page is new: keep the newest page and mark the hole below it.
				this.held = fresh;
				this.#heldGap = true;
			} else this.held = [...fresh, ...this.held];
		} catch {
			// nothing to show
		} finally {
			this.#polling = false;
		}
	};

	/** What a stream tells of the list. */
	told = (event: string, payload: string): void => {
		if (this.state !== 'ready') return;
		if (event === 'delete') this.#gone(payload);
		else if (event === 'status.update') this.#source.keep([JSON.parse(payload) as T]);
		else if (event === (this.#source.event ?? 'update')) this.arrive(JSON.parse(payload) as T);
	};

	/** One more item, to be held back with the others. */
	arrive = (item: T): void => {
		if (this.state !== 'ready') return;
		if (this.#fresh.length >= WAITING) {
			this.#fresh = [];
			this.#missed = true;
		}
		if (!this.#missed) this.#fresh.push(item);
		this.#batch ??= setTimeout(this.settle, BATCH);
	};

	/** Puts what arrived where it waits to be shown; not while nobody looks. */
	settle = (): void => {
		clearTimeout(this.#batch);
		this.#batch = undefined;
		if (document.visibilityState === 'hidden') return;
		const items = this.#fresh;
		this.#fresh = [];
		if (this.#missed) {
			this.#missed = false;
			void this.poll();
			return;
		}
		const known = new Set([...this.held, ...this.ids]);
		const fresh = items.filter((item) => !known.has(item.id));
		if (!fresh.length) return;
		this.#source.keep(fresh);
		this.held = unique([...fresh.map((item) => item.id), ...this.held]).sort((a, b) => (isNewer(a, b) ? -1 : 1));
		const newest = this.held[0];
		if (newest && (!this.#cursor || isNewer(newest, this.#cursor))) this.#cursor = newest;
	};

	#gone(id: string): void {
		const goes = (other: string) => other === id || (this.#source.goesWith?.(other, id) ?? false);
		this.#fresh = this.#fresh.filter((item) => item.id !== id);
		if (this.ids.some(goes)) this.ids = this.ids.filter((other) => !goes(other));
		if (this.held.some(goes)) this.held = this.held.filter((other) => !goes(other));
	}

	/** Shows what was held back. The reader has asked, and goes to the top. */
	reveal = (): void => {
		const last = this.held.at(-1);
		if (this.#heldGap && last && this.ids.length) this.gaps = new Set([...this.gaps, last]);
		this.ids = unique([...this.held, ...this.ids]);
		this.held = [];
		this.#heldGap = false;
		if (this.ids.length > TRIM_ABOVE) this.#trim();
	};

	fillGap = async (above: string): Promise<void> => {
		const below = this.ids[this.ids.indexOf(above) + 1];
		const limit = 40;
		const { data } = await getPage<T[]>(withQuery(this.#source.path, { max_id: above, since_id: below, limit }));
		this.#source.keep(data);
		const found = data.map((item) => item.id);
		const at = this.ids.indexOf(above) + 1;
		const gaps = new Set(this.gaps);
		gaps.delete(above);
		const last = found.at(-1);
		if (found.length >= limit && last) gaps.add(last);
		this.gaps = gaps;
		this.ids = unique([...this.ids.slice(0, at), ...found, ...this.ids.slice(at)]);
	};

	remove = (id: string): void => {
		this.ids = this.ids.filter((other) => other !== id);
	};

	prepend = (id: string): void => {
		this.held = this.held.filter((other) => other !== id);
		this.ids = unique([id, ...this.ids]);
	};

	/** Far-away items are let go, so that a day in an open tab does not fill the memory. */
	#trim(): void {
		this.ids = this.ids.slice(0, TRIM_TO);
		this.next = withQuery(this.#address(), { max_id: this.ids.at(-1) });
	}

	#address(): string {
		return withQuery(this.#source.path, { limit: this.#source.limit ?? 20 });
	}
}

const unique = (ids: string[]): string[] => [...new Set(ids)];

const asApiError = (error: unknown): ApiError =>
	error instanceof ApiError ? error : new ApiError(-1, error instanceof Error ? error.message : String(error));

/** Ids are numbers too long for JavaScript, in text: longer is larger. */
export const isNewer = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length);
