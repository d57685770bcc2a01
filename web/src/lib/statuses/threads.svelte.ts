import type { Reaction } from '../api/entities';
import * as api from '../api/statuses';
import { session } from '../session/session.svelte';
import { Search } from './search.svelte';
import { statuses } from './statuses.svelte';
import { layoutThread, type Row } from './thread';

/** The statuses around one status. */
export class Thread {
	ancestors = $state.raw<string[]>([]);
	rows = $state.raw<Row[]>([]);
	reactions = $state.raw<Reaction[]>([]);
	loaded = $state(false);
	/** For replies on other servers. */
	readonly search = new Search();

	constructor(readonly id: string) {}

	/** Shows what is known at once, and fetches the rest. */
	load = async (): Promise<void> => {
		const [status, context, reactions] = await Promise.all([
			api.one(this.id),
			api.context(this.id),
			session.signedIn ? api.reactions(this.id).catch(() => []) : [], // a thread is worth reading without them
		]);
		statuses.keep(status);
		statuses.keepAll(context.ancestors);
		statuses.keepAll(context.descendants);
		this.ancestors = context.ancestors.map((one) => one.id);
		this.rows = layoutThread(this.id, context.descendants);
		this.reactions = reactions;
		this.search.begin(context.refresh);
		this.loaded = true;
	};

	has = (id: string): boolean => id === this.id || this.rows.some((row) => row.id === id) || this.ancestors.includes(id);
}
