/** Mastodon's servers name a picture that says nobody chose one. */
const chosen = (url: string): string => (url.includes('/missing.') ? '' : url);

/** One's face or header while it is being changed. */
export class Picture {
	file = $state.raw<File | null>(null);
	#local = $state('');
	#saved = $state('');
	description = $state('');
	readonly #before: string;

	constructor(saved: string, description = '') {
		this.saved = saved;
		this.description = description;
		this.#before = description;
	}

	set saved(url: string) {
		this.#saved = chosen(url);
	}

	get shown(): string {
		return this.#local || this.#saved;
	}

	/** A new picture is not what the old description says. */
	choose(file: File): void {
		this.letGo();
		this.file = file;
		this.#local = URL.createObjectURL(file);
		if (this.description === this.#before) this.description = '';
	}

	letGo = (): void => {
		if (this.#local) URL.revokeObjectURL(this.#local);
		this.#local = '';
		this.file = null;
	};

	/** Only what changed is sent. */
	into(form: FormData, name: string): void {
		if (this.file) form.set(name, this.file);
		if (this.file || this.description !== this.#before) form.set(`${name}_description`, this.description.trim());
	}
}
