import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const settled = new Set([
	// A page lives as long as its place in the stack: its props never change under it.
	'state_referenced_locally',
	// Articles in a feed take the focus, as the ARIA feed pattern asks.
	'a11y_no_noninteractive_tabindex',
]);

export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true, warningFilter: (warning) => !settled.has(warning.code) },
};
