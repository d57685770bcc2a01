import { MediaQuery } from 'svelte/reactivity';

const wide = new MediaQuery('(min-width: 1000px)');
const roomy = new MediaQuery('(min-width: 700px)');

/** phone: one column and a bar below; single: a rail and one column; deck: columns side by side. */
export const layout = {
	get kind(): 'phone' | 'single' | 'deck' {
		return wide.current ? 'deck' : roomy.current ? 'single' : 'phone';
	},
};
