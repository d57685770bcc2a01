import type { Visibility } from '../api/entities';
import { isPollDraft, type PollDraft } from './poll';
import type { Kept } from './uploads.svelte';

/** What the composer offers: the API's visibilities, and our own "never leaves". */
export type Audience = Visibility | 'local';

export interface Draft {
	text: string;
	warning: string;
	audience: Audience;
	language: string;
	/** Kept over retries, so that the server can tell a retry from a second post. */
	key: string;
	inReplyTo?: string;
	media?: Kept[];
	sensitive?: boolean;
	poll?: PollDraft;
}

/** Drafts live on this device, one per place: a new status, and one for each status replied to. */
export class Drafts {
	constructor(
		private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
		private readonly owner: string,
	) {}

	load(place: string): Draft | null {
		try {
			const draft: unknown = JSON.parse(this.storage.getItem(this.#name(place)) ?? 'null');
			return isDraft(draft) ? draft : null;
		} catch {
			return null;
		}
	}

	/** Nothing typed is nothing to keep. Says whether it could be kept. */
	save(place: string, draft: Draft, untouched = ''): boolean {
		try {
			if (draft.text.trim() === untouched.trim() && !draft.warning.trim() && !draft.media?.length && !draft.poll) this.storage.removeItem(this.#name(place));
			else this.storage.setItem(this.#name(place), JSON.stringify(draft));
			return true;
		} catch {
			return false; // storage is full or forbidden: the text is still on the screen
		}
	}

	drop(place: string): void {
		try {
			this.storage.removeItem(this.#name(place));
		} catch {
			// nothing was kept either
		}
	}

	#name = (place: string) => `anancus.draft.${this.owner}.${place}`;
}

function isDraft(value: unknown): value is Draft {
	const draft = value as Draft | null;
	return (
		typeof draft === 'object' && draft !== null &&
		[draft.text, draft.warning, draft.audience, draft.language, draft.key].every((part) => typeof part === 'string') &&
		(draft.media === undefined || (Array.isArray(draft.media) && draft.media.every((one) => typeof one?.id === 'string' && typeof one.name === 'string'))) &&
		(draft.poll === undefined || isPollDraft(draft.poll))
	);
}
