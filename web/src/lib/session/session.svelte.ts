import * as api from '../api/accounts';
import { ApiError } from '../api/client';
import type { CredentialAccount, Instance, Preferences } from '../api/entities';
import { instance } from '../api/instance';

/** Who is reading, and where. */
class Session {
	state = $state<'unknown' | 'in' | 'out' | 'failed'>('unknown');
	me = $state.raw<CredentialAccount | null>(null);
	preferences = $state.raw<Preferences>({});
	server = $state.raw<Instance | null>(null);
	error = $state.raw<ApiError | null>(null);

	async start(): Promise<void> {
		this.state = 'unknown';
		void instance().then(
			(found) => (this.server = found),
			() => {}, // the page does without its name
		);
		try {
			this.me = await api.me();
			this.state = 'in';
			void api.preferences().then(
				(found) => (this.preferences = found),
				() => {}, // everything has its usual value
			);
		} catch (error) {
			const failure = error instanceof ApiError ? error : new ApiError(-1, String(error));
			this.error = failure;
			this.state = [401, 403, 422].includes(failure.code) ? 'out' : 'failed';
		}
	}

	get signedIn(): boolean {
		return this.state === 'in';
	}

	get maxCharacters(): number {
		return this.server?.configuration?.statuses?.max_characters ?? 500;
	}

	get linkLength(): number {
		return this.server?.configuration?.statuses?.characters_reserved_per_url ?? 23;
	}

	isMe = (id: string): boolean => this.me?.id === id;
}

export const session = new Session();
