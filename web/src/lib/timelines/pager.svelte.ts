import { ApiError, getPage, withQuery } from '../api/client';

/** The part of a list that can be asked for by address. */
export interface Source<T extends { id: string }> {
	path: string;
	/** Where the items live; the pager itself holds ids only. */
	keep: (items: T[]) => void;
	/** Whether asking for items newer than an id makes sense (it does not for bookmarks). */
	live?: boolean;
	limit?: number;
}

const TRIM_ABOVE = 400;
const TRIM_TO = 120;

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

	constructor(source: Source<T>) {
		this.#source = source;
	}

	get live(): boolean {
		return this.#source.live ?? false;
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
