import { Nav } from '../nav.svelte';
import { match } from '../router';

export interface Column {
	/** The address at its root: what the column is for. */
	path: string;
	nav: Nav;
}

const STORED = 'anancus.deck';
const DEFAULT = ['/home', '/notifications', '/public/local'];

/** Which columns stand side by side, and in what order. Remembered on this device. */
class Columns {
	list = $state.raw<Column[]>(restore().map(make));

	has = (path: string): boolean => this.list.some((column) => column.path === path);

	add(path: string): void {
		if (!this.has(path)) this.#set([...this.list, make(path)]);
	}

	remove(path: string): void {
		this.#set(this.list.filter((column) => column.path !== path));
	}

	move(path: string, by: 1 | -1): void {
		const from = this.list.findIndex((column) => column.path === path);
		const moved = this.list[from];
		if (!moved || !this.list[from + by]) return;
		const rest = this.list.filter((column) => column !== moved);
		this.#set(rest.toSpliced(from + by, 0, moved));
	}

	#set(list: Column[]): void {
		this.list = list;
		try {
			localStorage.setItem(STORED, JSON.stringify(list.map((column) => column.path)));
		} catch {
			// remembered until the page is closed
		}
	}
}

const make = (path: string): Column => ({ path, nav: new Nav(path) });

function restore(): string[] {
	try {
		const paths: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
		if (!Array.isArray(paths)) return DEFAULT;
		return [...new Set(paths.filter((path): path is string => typeof path === 'string' && match(path) !== null))];
	} catch {
		return DEFAULT;
	}
}

export const columns = new Columns();
