import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Stream } from './stream';

class Socket {
	static all: Socket[] = [];
	sent: string[] = [];
	onopen?: () => void;
	onmessage?: (message: { data: string }) => void;
	onclose?: (event: { code: number }) => void;
	closed = false;
	constructor(readonly url: string) {
		Socket.all.push(this);
	}
	send(text: string) {
		this.sent.push(text);
	}
	close() {
		this.closed = true;
		this.end(1006);
	}
	end(code: number) {
		this.onclose?.({ code });
	}
	tell(frame: unknown) {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}
}

const last = () => Socket.all.at(-1)!;
let seen = 'visible';
const look = (state: 'visible' | 'hidden') => {
	seen = state;
	document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
	Socket.all = [];
	seen = 'visible';
	vi.useFakeTimers();
	vi.stubGlobal('WebSocket', Socket);
	vi.spyOn(Math, 'random').mockReturnValue(1);
	vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => seen as DocumentVisibilityState);
});
afterEach(() => {
	for (const stop of stops.splice(0)) stop();
	vi.useRealTimers();
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

const stops: (() => void)[] = [];
const listening = (to: Stream, heard = listener()) => stops.push(to.listen({ stream: 'user' }, heard));
const listener = () => ({ told: vi.fn(), missed: vi.fn() });

it('carries all channels on one socket, and tells each only its own', () => {
	const stream = new Stream();
	const [home, again, cats] = [listener(), listener(), listener()];
	const stop = [stream.listen({ stream: 'user' }, home), stream.listen({ stream: 'user' }, again)];
	last().onopen?.();
	stop.push(stream.listen({ stream: 'hashtag', tag: 'cats' }, cats));
	expect(Socket.all).toHaveLength(1);
	expect(last().url).toBe(`ws://${location.host}/api/v1/streaming`);
	expect(last().sent.map((text) => JSON.parse(text))).toEqual([
		{ type: 'subscribe', stream: 'user' },
		{ type: 'subscribe', stream: 'hashtag', tag: 'cats' },
	]);
	last().tell({ stream: ['user'], event: 'delete', payload: '5' });
	last().tell({ stream: ['hashtag', 'cats'], event: 'update', payload: '{}' });
	last().tell({ stream: ['user'], event: 'filters_changed' });
	last().tell({ error: 'Unknown stream type', status: 400 });
	last().onmessage?.({ data: 'nonsense' });
	expect(home.told.mock.calls).toEqual([['delete', '5'], ['filters_changed', '']]);
	expect(again.told.mock.calls).toEqual(home.told.mock.calls);
	expect(cats.told.mock.calls).toEqual([['update', '{}']]);
	stop[0]!();
	stop[0]!();
	expect(last().sent).toHaveLength(2);
	stop[2]!();
	expect(last().sent.at(-1)).toContain('unsubscribe');
	stop[1]!();
	expect(last().closed).toBe(true);
	expect(stream.open).toBe(false);
});

it('comes back after longer and longer pauses, and has everybody look then', () => {
	const stream = new Stream();
	const home = listener();
	listening(stream, home);
	last().onopen?.();
	expect(home.missed).not.toHaveBeenCalled();
	for (const pause of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
		const before = Socket.all.length;
		last().close();
		expect(stream.open).toBe(false);
		vi.advanceTimersByTime(pause - 1);
		expect(Socket.all).toHaveLength(before);
		vi.advanceTimersByTime(1);
		expect(Socket.all).toHaveLength(before + 1);
	}
	last().onopen?.();
	expect(home.missed).toHaveBeenCalledTimes(1);
	expect(last().sent).toHaveLength(1);
	vi.advanceTimersByTime(10_000);
	last().close(); // it was a good one
	vi.advanceTimersByTime(1000);
	last().onopen?.();
	expect(home.missed).toHaveBeenCalledTimes(2);
});

it('does not knock at once where its session is over', () => {
	const stream = new Stream();
	listening(stream);
	last().onopen?.();
	last().end(1008);
	vi.advanceTimersByTime(59_000);
	expect(Socket.all).toHaveLength(1);
	vi.advanceTimersByTime(1000);
	expect(Socket.all).toHaveLength(2);
});

it('does not wait when the network is back', () => {
	const stream = new Stream();
	listening(stream);
	last().close();
	dispatchEvent(new Event('online'));
	expect(Socket.all).toHaveLength(2);
	dispatchEvent(new Event('online'));
	vi.advanceTimersByTime(100_000);
	expect(Socket.all).toHaveLength(2);
});

it('lets go while nobody looks, and comes back when somebody does', () => {
	const stream = new Stream();
	const home = listener();
	listening(stream, home);
	last().onopen?.();
	look('hidden');
	vi.advanceTimersByTime(59_000);
	look('visible');
	vi.advanceTimersByTime(60_000);
	expect(last().closed).toBe(false);
	look('hidden');
	vi.advanceTimersByTime(60_000);
	expect(last().closed).toBe(true);
	vi.advanceTimersByTime(600_000);
	expect(Socket.all).toHaveLength(1);
	look('visible');
	expect(Socket.all).toHaveLength(2);
	last().onopen?.();
	expect(home.missed).toHaveBeenCalledTimes(1);
});
