import type { Account, Status } from '../api/entities';
import type { Audience } from './drafts';

/** Who a reply is addressed to: the author and everyone they mentioned, except oneself. */
export function mentionsFor(status: Status, me: Account): string {
	const handles = [status.account.acct, ...status.mentions.map((mention) => mention.acct)];
	const others = [...new Set(handles)].filter((acct) => acct !== me.acct);
	return others.map((acct) => `@${acct} `).join('');
}

const order: Audience[] = ['public', 'unlisted', 'private', 'direct'];

/** A reply is never heard by more people than what it answers, nor than its author usually wants. */
export function replyAudience(status: Status, usual: Audience): Audience {
	if (status.local_only) return 'local';
	const widest = status.visibility;
	if (usual === 'local') return widest === 'public' || widest === 'unlisted' ? 'local' : widest;
	return order.indexOf(usual) > order.indexOf(widest) ? usual : widest;
}

export const audienceOf = (status: Status): Audience => (status.local_only ? 'local' : status.visibility);
