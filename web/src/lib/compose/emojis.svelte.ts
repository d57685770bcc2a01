import type { CustomEmoji } from '../api/entities';
import { customEmojis } from '../api/instance';

/** The custom emoji of this server, asked for when the composer opens, and again when the list is old. */
class Emojis {
	list = $state.raw<CustomEmoji[]>([]);
	#asked = 0;

	load = async (): Promise<void> => {
		if (Date.now() - this.#asked < 5 * 60_000) return;
		this.#asked = Date.now();
		try {
			this.list = await customEmojis();
		} catch {
			this.#asked = 0; // without them one can write as well; the next time asks again
		}
	};
}

export const emojis = new Emojis();
