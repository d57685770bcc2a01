import { ApiError } from '../api/client';
import type { MediaAttachment } from '../api/entities';
import * as api from '../api/media';
import { choose, type Focus, type Limits, middle, type Refusal } from './files';

/** What a draft remembers of a file that the server already has. */
export interface Kept {
	id: string;
	name: string;
}

/** One file on its way to the server. */
export class Upload {
	state = $state<'sending' | 'processing' | 'ready' | 'failed'>('sending');
	progress = $state(0);
	error = $state('');
	media = $state.raw<MediaAttachment | null>(null);
	/** The file itself, shown until the server's picture of it is there. */
	local = $state('');
	/** Shown by the post that is edited: it stays with that, and what is said of it changes when the post does. */
	attached = false;
	altered = $state(false);
	readonly key = Symbol();
	#stop = new AbortController();

	constructor(
		readonly name: string,
		readonly type: string,
		private readonly file: File | null,
		private readonly wait: (ms: number) => Promise<unknown>,
	) {
		if (file && /^(image|video)\//.test(type)) this.local = URL.createObjectURL(file);
	}

	/** One that a post shows already. */
	static of(media: MediaAttachment, name: string): Upload {
		const upload = new Upload(name, media.type, null, pause);
		upload.media = media;
		upload.state = 'ready';
		upload.attached = true;
		return upload;
	}

	get kind(): string {
		return this.media?.type ?? this.type;
	}

	get preview(): string {
		return this.media?.preview_url ?? (this.playable ? '' : this.local);
	}

	/** A film is shown by its own first picture until the server has made one. */
	get playable(): string {
		return !this.media?.preview_url && /^video\//.test(this.type) ? this.local : '';
	}

	get focus(): Focus {
		return this.media?.meta?.focus ?? middle;
	}

	get description(): string {
		return this.media?.description ?? '';
	}

	/** Sends it, or asks again after what the server already has. */
	async run(known: string | null = this.media?.id ?? null): Promise<void> {
		this.error = '';
		try {
			if (known) this.#settle(await api.one(known));
			else {
				this.state = 'sending';
				this.progress = 0;
				this.#settle(await api.send(this.file!, (part) => (this.progress = part), this.#stop.signal));
			}
			await this.#processed();
		} catch (error) {
			if (this.#stop.signal.aborted) return;
			if (error instanceof ApiError && error.code === 404) this.media = null;
			this.error = error instanceof Error ? error.message : String(error);
			this.state = 'failed';
		}
	}

	/** What failed after it was sent is asked for again, unless the server refused it. */
	retry = (): Promise<void> => this.run();

	get canRetry(): boolean {
		return this.file !== null || this.media !== null;
	}

	/** Asks after a film or sound, less and less often. */
	async #processed(): Promise<void> {
		for (let pause = 500; this.state === 'processing'; pause = Math.min(pause * 1.5, 10_000)) {
			await this.wait(pause);
			if (this.#stop.signal.aborted) return;
			try {
				this.#settle(await api.one(this.media!.id));
			} catch (error) {
				if (error instanceof ApiError && error.unreachable) continue; // the network comes and goes
				if (error instanceof ApiError && error.code === 422) this.media = null; // it can only be sent anew
				throw error;
			}
		}
	}

	#settle(media: MediaAttachment): void {
		this.media = media;
		this.state = media.url ? 'ready' : 'processing';
	}

	async describe(description: string, focus: Focus): Promise<void> {
		if (this.attached) {
			this.media = { ...this.media!, description, meta: { ...this.media!.meta, focus } };
			this.altered = true;
			return;
		}
		this.#settle(await api.describe(this.media!.id, { description, focus: `${focus.x},${focus.y}` }));
	}

	/** Stops it and lets go of what the browser holds; the server is told when nobody wants it any more. */
	drop(unwanted = true): void {
		this.#stop.abort();
		if (this.local) URL.revokeObjectURL(this.local);
		if (unwanted && this.media && !this.attached) void api.remove(this.media.id).catch(() => {}); // it goes by itself after a day
	}
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** The files of one draft, in their order. */
export class Uploads {
	list = $state.raw<Upload[]>([]);
	refused = $state.raw<Refusal[]>([]);

	constructor(
		private readonly changed: () => void = () => {},
		private readonly wait: (ms: number) => Promise<unknown> = pause,
	) {}

	readonly ready = $derived(this.list.every((upload) => upload.state === 'ready'));
	readonly bare = $derived(this.list.filter((upload) => upload.state === 'ready' && !upload.description.trim()).length);

	add(files: File[], limits: Limits): void {
		const { taken, refused } = choose(files, this.list.map((upload) => upload.kind), limits);
		this.refused = refused;
		for (const file of taken) this.#start(new Upload(file.name, file.type, file, this.wait), null);
	}

	restore(kept: Kept[]): void {
		for (const { id, name } of kept) this.#start(new Upload(name, '', null, this.wait), id);
	}

	/** What a post that is edited shows already. */
	show(media: MediaAttachment[], name: (one: MediaAttachment) => string): void {
		this.list = media.map((one) => Upload.of(one, name(one)));
	}

	/** What is to be said otherwise of what the post shows already. */
	get alterations(): { id: string; description: string; focus: string }[] {
		return this.list.flatMap(({ altered, media, description, focus }) => (altered && media ? [{ id: media.id, description, focus: `${focus.x},${focus.y}` }] : []));
	}

	#start(upload: Upload, known: string | null): void {
		this.list = [...this.list, upload];
		if (known) upload.state = 'processing';
		void upload.run(known).then(this.changed);
	}

	remove(upload: Upload): void {
		upload.drop();
		this.list = this.list.filter((one) => one !== upload);
		this.refused = [];
		this.changed();
	}

	move(upload: Upload, by: number): void {
		const from = this.list.indexOf(upload);
		const to = from + by;
		if (to < 0 || to >= this.list.length) return;
		this.list = this.list.toSpliced(from, 1).toSpliced(to, 0, upload);
		this.changed();
	}

	/** After posting, the files belong to the post. */
	clear(unwanted: boolean): void {
		for (const upload of this.list) upload.drop(unwanted);
		this.list = [];
		this.refused = [];
	}

	get kept(): Kept[] {
		return this.list.flatMap(({ media, name }) => (media ? [{ id: media.id, name }] : []));
	}

	get ids(): string[] {
		return this.kept.map(({ id }) => id);
	}
}
