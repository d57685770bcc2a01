import { SvelteMap } from 'svelte/reactivity';
import * as api from '../api/accounts';
import type { Account, Relationship } from '../api/entities';

/** Every account the app has seen, each once, and what lies between them and the reader. */
export class Accounts {
	#seen = new SvelteMap<string, Account>();
	#relationships = new SvelteMap<string, Relationship>();

	get = (id: string): Account | undefined => this.#seen.get(id);
	keep = (account: Account): void => {
		const known = this.#seen.get(account.id);
		// Timelines repeat the same author many times; only news is worth telling everyone.
		if (!known || JSON.stringify(known) !== JSON.stringify(account)) this.#seen.set(account.id, account);
	};
	keepAll = (list: Account[]): void => list.forEach(this.keep);

	byHandle(acct: string): Account | undefined {
		const wanted = acct.toLowerCase();
		for (const account of this.#seen.values()) if (account.acct.toLowerCase() === wanted) return account;
		return undefined;
	}

	relationship = (id: string): Relationship | undefined => this.#relationships.get(id);

	async loadRelationships(ids: string[]): Promise<void> {
		const unknown = ids.filter((id) => !this.#relationships.has(id));
		for (let i = 0; i < unknown.length; i += 40) {
			for (const found of await api.relationships(unknown.slice(i, i + 40))) this.#relationships.set(found.id, found);
		}
	}

	follow = (account: Account) =>
		this.#wish(account.id, account.locked ? { requested: true } : { following: true }, api.follow);
	unfollow = (account: Account) => this.#wish(account.id, { following: false, requested: false }, api.unfollow);
	mute = (account: Account) => this.#wish(account.id, { muting: true }, api.mute);
	unmute = (account: Account) => this.#wish(account.id, { muting: false }, api.unmute);
	block = (account: Account) => this.#wish(account.id, { blocking: true, following: false }, api.block);
	unblock = (account: Account) => this.#wish(account.id, { blocking: false }, api.unblock);

	async #wish(id: string, part: Partial<Relationship>, send: (id: string) => Promise<Relationship>): Promise<void> {
		const before = this.#relationships.get(id);
		if (before) this.#relationships.set(id, { ...before, ...part });
		try {
			this.#relationships.set(id, await send(id));
		} catch (error) {
			if (before) this.#relationships.set(id, before);
			throw error; // the caller tells the person
		}
	}
}

export const accounts = new Accounts();

export const nameOf = (account: Account): string => account.display_name.trim() || account.username;
