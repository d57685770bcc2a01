import { ApiError } from '../api/client';
import { t } from '../i18n/i18n.svelte';
import { dialogs } from '../ui/dialogs.svelte';
import { session } from './session.svelte';

/** True when signed in; otherwise says where to sign in. */
export function mayAct(): boolean {
	if (session.signedIn) return true;
	dialogs.signInNeeded = true;
	return false;
}

/** Does something on the reader's behalf and tells them if it fails. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
	if (!mayAct()) return false;
	try {
		await action();
		return true;
	} catch (error) {
		const offline = error instanceof ApiError && error.unreachable;
		const text = offline ? t('feed.offline') : error instanceof Error ? error.message : String(error);
		dialogs.say(t('toast.failed', { error: text }), { danger: true });
		return false;
	}
}
