/** What happens, told while it happens: one WebSocket for everything that is open in this tab. */

export interface Channel {
	stream: string;
	tag?: string;
	list?: string;
}

export interface Listener {
	/** Something happened; the payload is text, JSON for the most part. */
	told: (event: string, payload: string) => void;
	/** Something may have happened while nobody listened: look. */
	missed: () => void;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** The server's word that the session is over (RFC 6455: a policy was violated). */
const OVER = 1008;
/** A connection that lasted so long was a good one: the next failure is the first again. */
const GOOD_FOR = 10_000;
/** A hidden tab listens for so long, and then looks when it is seen again. */
const HIDDEN_FOR = 60_000;

interface Frame {
	stream?: string[];
	event?: string;
	payload?: string;
}

export class Stream {
	/** Whether events are coming; while they are not, lists look by themselves. */
	open = false;

	#channels = new Map<string, { channel: Channel; listeners: Set<Listener> }>();
	#socket: WebSocket | null = null;
	#failures = 0;
	#since = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#leave: ReturnType<typeof setTimeout> | undefined;
	#watching = false;
	/** The first connection misses nothing: the lists have just been read. */
	#before = false;

	/** Listens to a channel until the answer is called. */
	listen(channel: Channel, listener: Listener): () => void {
		const key = keyOf(channel);
		const known = this.#channels.get(key) ?? { channel, listeners: new Set() };
		if (!this.#channels.has(key)) {
			this.#channels.set(key, known);
			if (this.open) this.#say('subscribe', channel);
		}
		known.listeners.add(listener);
		this.#watch();
		this.#connect();
		return () => {
			if (!known.listeners.delete(listener) || known.listeners.size || this.#channels.get(key) !== known) return;
			this.#channels.delete(key);
			if (this.open) this.#say('unsubscribe', channel);
			if (!this.#channels.size) this.#close();
		};
	}

	#connect(): void {
		if (this.#socket || this.#retry !== undefined || !this.#channels.size || document.visibilityState === 'hidden') return;
		const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/streaming`);
		this.#socket = socket;
		socket.onopen = () => {
			this.open = true;
			this.#since = Date.now();
			for (const { channel } of this.#channels.values()) this.#say('subscribe', channel);
			if (this.#before) for (const one of this.#everybody()) one.missed();
			this.#before = true;
		};
		socket.onmessage = (message: MessageEvent<string>) => this.#hear(message.data);
		socket.onclose = ({ code }) => {
			if (this.#socket !== socket) return;
			if (this.open && Date.now() - this.#since >= GOOD_FOR) this.#failures = 0;
			if (code === OVER) this.#failures = 6;
			this.#forget();
			// Everybody's connection ends at once when the server does: they come back spread out.
			const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++);
			this.#retry = setTimeout(this.#again, pause * (0.5 + Math.random() / 2));
		};
	}

	#again = (): void => {
		clearTimeout(this.#retry);
		this.#retry = undefined;
		this.#connect();
	};

	#hear(text: string): void {
		let frame: Frame;
		try {
			frame = JSON.parse(text) as Frame;
		} catch {
			return; // not ours
		}
		const { stream, event, payload = '' } = frame;
		if (!stream || !event) return; // a refusal: what is not told is looked for
		for (const listener of [...(this.#channels.get(stream.join('\n'))?.listeners ?? [])]) listener.told(event, payload);
	}

	#say(type: 'subscribe' | 'unsubscribe', channel: Channel): void {
		this.#socket?.send(JSON.stringify({ type, ...channel }));
	}

	#everybody = (): Listener[] => [...this.#channels.values()].flatMap(({ listeners }) => [...listeners]);

	#forget(): void {
		this.#socket = null;
		this.open = false;
	}

	#close(): void {
		clearTimeout(this.#retry);
		this.#retry = undefined;
		const socket = this.#socket;
		this.#forget();
		socket?.close();
	}

	/** Sees whether anybody looks, and whether there is a network. */
	#watch(): void {
		if (this.#watching) return;
		this.#watching = true;
		document.addEventListener('visibilitychange', () => {
			clearTimeout(this.#leave);
			if (document.visibilityState === 'hidden') this.#leave = setTimeout(() => this.#close(), HIDDEN_FOR);
			else if (this.#retry === undefined) this.#connect();
			else this.#again();
		});
		addEventListener('online', this.#again);
	}
}

const keyOf = ({ stream, tag, list }: Channel): string => [stream, tag ?? list].filter((part) => part !== undefined).join('\n');

export const stream = new Stream();
