import { getContext, setContext } from 'svelte';
import type { MenuItem } from '../lib/ui/Menu.svelte';
import type { Nav } from '../nav.svelte';

/** What surrounds a page: a column of the deck, or the whole window. */
export interface Frame {
	nav: Nav;
	/** In the deck a page scrolls by itself; elsewhere the window does. */
	column: boolean;
	/** What can be done with the column, besides what the page offers. */
	readonly menu: MenuItem[];
	/** Closes the column that shows the address, and leads home. */
	close?: () => void;
	toTop: () => void;
}

const key = Symbol('frame');
export const setFrame = (frame: Frame): Frame => setContext(key, frame);
export const getFrame = (): Frame => getContext<Frame>(key);
