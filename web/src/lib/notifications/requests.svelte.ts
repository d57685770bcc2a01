import { SvelteMap } from 'svelte/reactivity';

/** Follow requests answered since the app was opened: account id → accepted. */
export const settled = new SvelteMap<string, boolean>();
