import { composer } from './lib/compose/composer.svelte';
import { session } from './lib/session/session.svelte';
import type { Nav } from './nav.svelte';

/** Whether the list of keys is open. */
export const help = $state({ open: false });

const places: Record<string, string> = { h: '/home', n: '/notifications', l: '/public/local', f: '/public', b: '/bookmarks', s: '/search' };

/** Single keys for reading. They keep quiet while someone types, or while a dialog or menu is open. */
export function listen(main: Nav): () => void {
	let going = 0;

	function press(event: KeyboardEvent): void {
		if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
		if (busy(event.target)) return;
		if (Date.now() - going < 1200 && places[event.key]) {
			going = 0;
			event.preventDefault();
			main.push(places[event.key]!);
			return;
		}
		const action = actions[event.key];
		if (action && action(event) !== false) event.preventDefault();
	}

	const actions: Record<string, (event: KeyboardEvent) => unknown> = {
		j: () => step(1),
		k: () => step(-1),
		f: () => act('favourite'),
		b: () => act('boost'),
		r: () => act('reply'),
		m: () => act('bookmark'),
		o: () => open(),
		Enter: (event) => ((event.target as Element).matches?.('[data-status]') ? open() : false),
		n: () => session.signedIn && composer.compose(),
		'/': () => main.push('/search'),
		'?': () => (help.open = true),
		g: () => (going = Date.now()),
	};

	addEventListener('keydown', press);
	return () => removeEventListener('keydown', press);
}

function busy(target: EventTarget | null): boolean {
	const element = target as Element | null;
	return (
		element?.closest?.('input, textarea, select, [contenteditable=true]') != null ||
		document.querySelector('dialog[open], [role=menu]:popover-open') !== null
	);
}

const focused = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>('[data-status]') ?? null;

/** To the next or previous status of the column one is in; at first, to the one in view. */
function step(by: 1 | -1): void {
	const now = focused();
	const column = (now ?? document.activeElement)?.closest('[data-view]') ?? document.querySelector('[data-view]');
	const all = [...(column?.querySelectorAll<HTMLElement>('[data-status]') ?? [])];
	const top = column ? Math.max(0, column.getBoundingClientRect().top) + 40 : 0;
	const next = now ? all[all.indexOf(now) + by] : all.find((status) => status.getBoundingClientRect().bottom > top);
	next?.focus({ preventScroll: true });
	next?.scrollIntoView({ block: 'nearest' });
}

function act(name: string): false | void {
	const button = focused()?.querySelector<HTMLElement>(`[data-act="${name}"]`);
	if (!button) return false;
	button.click();
}

function open(): false | void {
	const link = focused()?.querySelector<HTMLElement>('[data-open]');
	if (!link) return false;
	link.click();
}
