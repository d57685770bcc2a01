/** One place in a column's history: its address, what was loaded there, and how far it was read. */
export class Entry {
	scroll = 0;
	/** The status at the top of the window and where it stood: heights are not known until things are drawn. */
	anchor: { id: string; top: number } | null = null;
	/** The status that led away from here, to return the focus to. */
	focused = '';
	readonly url: URL;
	#kept = new Map<string, unknown>();

	constructor(readonly path: string) {
		this.url = new URL(path, location.origin);
	}

	/** Keeps what a page loaded, so that going back shows it as it was. */
	keep<T>(name: string, make: () => T): T {
		if (!this.#kept.has(name)) this.#kept.set(name, make());
		return this.#kept.get(name) as T;
	}

	forget(): void {
		this.#kept.clear();
	}
}

/** A stack of places. Every column of the deck has its own. */
export class Nav {
	protected stack = $state.raw<Entry[]>([]);
	protected index = $state(0);

	constructor(path: string) {
		this.stack = [new Entry(path)];
	}

	get current(): Entry {
		return this.stack[this.index]!;
	}

	get canGoBack(): boolean {
		return this.index > 0;
	}

	push(path: string): void {
		if (path === this.current.path) return;
		this.stack = [...this.stack.slice(0, this.index + 1), new Entry(path)];
		this.index += 1;
	}

	replace(path: string): void {
		this.stack = this.stack.with(this.index, new Entry(path));
	}

	back(): void {
		if (this.index > 0) this.index -= 1;
	}

	/** Back to the first place. */
	home(): void {
		this.index = 0;
	}
}

/** The main view's stack follows the browser's own history. */
export class HistoryNav extends Nav {
	constructor() {
		super(here());
		history.scrollRestoration = 'manual';
		history.replaceState({ index: 0 }, '');
		addEventListener('popstate', (event) => this.#follow(event.state));
	}

	override push(path: string): void {
		if (path === this.current.path) return;
		super.push(path);
		history.pushState({ index: this.index }, '', path);
	}

	override replace(path: string): void {
		super.replace(path);
		history.replaceState({ index: this.index }, '', path);
	}

	override back(): void {
		if (this.canGoBack) history.back();
		else this.replace('/home');
	}

	#follow(state: unknown): void {
		const index = (state as { index?: number } | null)?.index;
		if (index !== undefined && this.stack[index]?.path === here()) this.index = index;
		else {
			// A place from before this page was loaded.
			this.stack = [new Entry(here())];
			this.index = 0;
			history.replaceState({ index: 0 }, '');
		}
	}
}

const here = () => location.pathname + location.search;
