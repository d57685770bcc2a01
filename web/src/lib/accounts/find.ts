import { lookup } from '../api/accounts';
import { ApiError } from '../api/client';
import type { Account } from '../api/entities';
import { search } from '../api/search';
import { session } from '../session/session.svelte';
import { accounts } from './accounts.svelte';

/** An account by its handle; one from elsewhere that we have not met is asked for at its own server. */
export async function find(acct: string): Promise<Account> {
	try {
		return keep(await lookup(acct));
	} catch (error) {
		const unknown = error instanceof ApiError && error.code === 404;
		if (!unknown || !acct.includes('@') || !session.signedIn) throw error;
		const found = (await search(`@${acct}`, true, 'accounts')).accounts.find((one) => one.acct.toLowerCase() === acct.toLowerCase());
		if (!found) throw error;
		return keep(found);
	}
}

function keep(account: Account): Account {
	accounts.keep(account);
	return account;
}
