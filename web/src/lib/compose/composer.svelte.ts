import * as api from '../api/statuses';
import type { Account, Status } from '../api/entities';
import { language as uiLanguage } from '../i18n/i18n.svelte';
import { session } from '../session/session.svelte';
import { countCharacters } from '../text/count';
import { type Audience, type Draft, Drafts } from './drafts';
import { mentionsFor, replyAudience } from './reply';
import { Uploads } from './uploads.svelte';

type Listener = (status: Status) => void;

/** The one composer. Answering another post elsewhere puts the present draft aside; nothing typed is lost. */
class Composer {
	open = $state(false);
	place = $state('new');
	replyingTo = $state.raw<Status | null>(null);
	text = $state('');
	warning = $state('');
	hasWarning = $state(false);
	audience = $state<Audience>('public');
	language = $state('en');
	sending = $state(false);
	error = $state('');
	saved = $state(false);
	/** The files of this draft; those of a draft put aside go on being sent. */
	uploads = $state.raw(new Uploads());
	sensitive = $state(false);

	/** What stood in the box before the first key was pressed. */
	#prefilled = '';
	#key = '';
	#listeners = new Set<Listener>();
	#aside = new Map<string, Uploads>();

	readonly count = $derived(countCharacters(this.text, this.hasWarning ? this.warning : '', session.linkLength));
	readonly left = $derived(session.maxCharacters - this.count);
	readonly ready = $derived(!this.sending && this.left >= 0 && this.uploads.ready && (this.text.trim() !== '' || this.uploads.list.length > 0));
	readonly touched = $derived(this.text.trim() !== this.#prefilled.trim() || this.warning.trim() !== '' || this.uploads.list.length > 0);

	compose = (): void => this.#begin('new', null, '', this.#usual());

	mention = (account: Account): void => {
		this.compose();
		const handle = `@${account.acct} `;
		if (!this.text.includes(handle.trim())) this.text = handle + this.text;
	};

	reply = (status: Status): void => {
		if (!session.me) return;
		this.#begin(`reply:${status.id}`, status, mentionsFor(status, session.me), replyAudience(status, this.#usual()));
	};

	close = (): void => {
		this.keep();
		this.open = false;
	};

	/** Called on every change. */
	keep = (): void => {
		this.saved = this.#drafts.save(this.place, this.#draft(), this.#prefilled) && this.touched;
	};

	discard = (): void => {
		this.#drafts.drop(this.place);
		this.#forgetUploads(true);
		this.#fill(null, this.#prefilled, this.audience);
	};

	async send(): Promise<Status> {
		this.sending = true;
		this.error = '';
		this.keep();
		try {
			const status = await api.publish(
				{
					status: this.text,
					spoiler_text: this.hasWarning && this.warning.trim() ? this.warning : undefined,
					visibility: this.audience === 'local' ? 'public' : this.audience,
					local_only: this.audience === 'local' || undefined,
					language: this.language,
					in_reply_to_id: this.replyingTo?.id,
					...(this.uploads.list.length ? { media_ids: this.uploads.ids, sensitive: this.sensitive || this.hasWarning } : {}),
				},
				this.#key,
			);
			this.#drafts.drop(this.place);
			this.#forgetUploads(false);
			this.open = false;
			this.#reset();
			this.#listeners.forEach((listener) => listener(status));
			return status;
		} catch (error) {
			this.error = error instanceof Error ? error.message : String(error);
			throw error;
		} finally {
			this.sending = false;
		}
	}

	/** Tells pages about a new status; returns how to stop. */
	posted(listener: Listener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	get #drafts(): Drafts {
		return new Drafts(localStorage, session.me?.id ?? '');
	}

	#usual = (): Audience => session.me?.source?.privacy ?? 'public';

	#begin(place: string, replyingTo: Status | null, prefilled: string, audience: Audience): void {
		if (this.open && this.place === place) return;
		if (this.touched && this.#key) this.keep();
		this.place = place;
		this.replyingTo = replyingTo;
		this.#prefilled = prefilled;
		this.#fill(this.#drafts.load(place), prefilled, audience);
		// A reply to a warned status carries the warning on.
		if (!this.warning && replyingTo?.spoiler_text) {
			this.warning = replyingTo.spoiler_text;
			this.hasWarning = true;
		}
		this.open = true;
	}

	/** Back to the general draft, which may hold what an answer elsewhere had put aside. */
	#reset(): void {
		this.place = 'new';
		this.replyingTo = null;
		this.#prefilled = '';
		this.#fill(this.#drafts.load('new'), '', this.#usual());
	}

	#fill(draft: Draft | null, text: string, audience: Audience): void {
		this.text = draft?.text ?? text;
		this.warning = draft?.warning ?? '';
		this.hasWarning = this.warning !== '';
		this.audience = draft?.audience ?? audience;
		this.language = draft?.language ?? (session.me?.source?.language || uiLanguage);
		this.#key = draft?.key ?? newKey();
		this.sensitive = draft?.sensitive ?? session.me?.source?.sensitive ?? false;
		this.uploads = this.#uploadsOf(this.place, draft);
		this.error = '';
		this.saved = draft !== null;
	}

	/** Files on their way belong to the place they were added at, whatever is written meanwhile. */
	#uploadsOf(place: string, draft: Draft | null): Uploads {
		let uploads = this.#aside.get(place);
		if (!uploads) {
			uploads = new Uploads(() => this.uploads === uploads && this.keep());
			this.#aside.set(place, uploads);
			uploads.restore(draft?.media ?? []);
		}
		return uploads;
	}

	#forgetUploads(unwanted: boolean): void {
		this.#aside.delete(this.place);
		this.uploads.clear(unwanted);
	}

	#draft = (): Draft => ({
		text: this.text,
		warning: this.warning,
		audience: this.audience,
		language: this.language,
		key: this.#key,
		inReplyTo: this.replyingTo?.id,
		...(this.uploads.list.length ? { media: this.uploads.kept, sensitive: this.sensitive } : {}),
	});
}

/** randomUUID exists only on secure origins, and a first look may be over plain http. */
const newKey = (): string =>
	crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const composer = new Composer();
