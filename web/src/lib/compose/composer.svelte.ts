import * as api from '../api/statuses';
import type { Account, MediaAttachment, Status } from '../api/entities';
import { language as uiLanguage, t } from '../i18n/i18n.svelte';
import { session } from '../session/session.svelte';
import { countCharacters } from '../text/count';
import { type Audience, type Draft, Drafts } from './drafts';
import { answers, emptyPoll, isAsked, type PollDraft, pollLimitsOf, pollOf } from './poll';
import { mentionsFor, replyAudience } from './reply';
import { Uploads } from './uploads.svelte';

type Listener = (status: Status) => void;

/** The one composer. Answering another post elsewhere puts the present draft aside; nothing typed is lost. */
class Composer {
	open = $state(false);
	place = $state('new');
	replyingTo = $state.raw<Status | null>(null);
	/** The post that is changed, in place of a new one. */
	editing = $state.raw<Status | null>(null);
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
	/** Asked with the post; one that has files has none. */
	poll = $state.raw<PollDraft | null>(null);

	/** What stood in the box before the first key was pressed. */
	#prefilled = '';
	#key = '';
	#listeners = new Set<Listener>();
	#aside = new Map<string, Uploads>();

	readonly count = $derived(countCharacters(this.text, this.hasWarning ? this.warning : '', session.linkLength));
	readonly left = $derived(session.maxCharacters - this.count);
	readonly pollLimits = $derived(pollLimitsOf(session.server));
	readonly ready = $derived(
		!this.sending && this.left >= 0 && this.uploads.ready && (this.text.trim() !== '' || this.uploads.list.length > 0) && (!this.poll || isAsked(this.poll, this.pollLimits)),
	);
	readonly touched = $derived(this.text.trim() !== this.#prefilled.trim() || this.warning.trim() !== '' || this.uploads.list.length > 0 || this.poll !== null);

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

	/** Opens a post of one's own, as it was typed and with what it shows. */
	edit = async (status: Status): Promise<void> => {
		const source = await api.source(status.id);
		const place = `edit:${status.id}`;
		this.close();
		this.#aside.delete(place);
		this.#begin(place, null, source.text, status.local_only ? 'local' : status.visibility);
		this.editing = status;
		if (!this.saved) {
			this.warning = source.spoiler_text;
			this.hasWarning = source.spoiler_text !== '';
			this.language = status.language ?? this.language;
			this.sensitive = status.sensitive;
			this.poll = status.poll && pollOf(status.poll, true);
		}
		this.uploads.show(status.media_attachments, nameOf);
	};

	/** Puts a deleted post into the composer again, in the place of what was written there. */
	redraft = (gone: Status, parent: Status | null): void => {
		this.close();
		const place = parent ? `reply:${parent.id}` : 'new';
		this.#aside.get(place)?.clear(true);
		this.#aside.delete(place);
		this.#drafts.save(place, {
			text: gone.text ?? '', warning: gone.spoiler_text, audience: gone.local_only ? 'local' : gone.visibility, language: gone.language ?? uiLanguage, key: newKey(),
			media: gone.media_attachments.map((one) => ({ id: one.id, name: nameOf(one) })), sensitive: gone.sensitive,
			...(gone.poll ? { poll: pollOf(gone.poll, false) } : {}),
		});
		this.#key = ''; // what is still in the box is not to be kept
		this.#begin(place, parent, '', this.#usual());
	};

	/** Adds a poll, or takes it away with what was written into it. */
	togglePoll = (): void => {
		this.poll = this.poll ? null : emptyPoll();
		this.keep();
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
		if (this.editing) {
			this.open = false;
			this.#reset();
			return;
		}
		this.#fill(null, this.#prefilled, this.audience);
	};

	async send(): Promise<Status> {
		this.sending = true;
		this.error = '';
		this.keep();
		try {
			const edited = this.editing;
			const words = {
				status: this.text,
				spoiler_text: this.hasWarning && this.warning.trim() ? this.warning : undefined,
				language: this.language,
				...(this.poll ? { poll: { options: answers(this.poll), multiple: this.poll.multiple, expires_in: this.poll.expiresIn || undefined } } : {}),
				...(this.uploads.list.length || edited ? { media_ids: this.uploads.ids, sensitive: this.sensitive || this.hasWarning } : {}),
			};
			const status = edited
				? await api.edit(edited.id, { ...words, media_attributes: this.uploads.alterations })
				: await api.publish(
						{
							...words,
							visibility: this.audience === 'local' ? 'public' : this.audience,
							local_only: this.audience === 'local' || undefined,
							in_reply_to_id: this.replyingTo?.id,
						},
						this.#key,
					);
			this.#drafts.drop(this.place);
			this.#forgetUploads(false);
			this.open = false;
			this.#reset();
			if (!edited) this.#listeners.forEach((listener) => listener(status));
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
		this.editing = null;
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
		this.replyingTo = this.editing = null;
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
		this.poll = draft?.poll ?? null;
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
		...(this.uploads.list.length && !this.editing ? { media: this.uploads.kept, sensitive: this.sensitive } : {}),
		...(this.poll ? { poll: this.poll } : {}),
	});
}

/** What a file is called whose name nobody knows any more. */
const nameOf = ({ type }: MediaAttachment): string => t(type === 'audio' ? 'upload.kind.audio' : type === 'video' || type === 'gifv' ? 'upload.kind.video' : 'upload.kind.image');

/** randomUUID exists only on secure origins, and a first look may be over plain http. */
const newKey = (): string =>
	crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const composer = new Composer();
