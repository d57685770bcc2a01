import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import type { MediaAttachment } from '../api/entities';
import * as api from '../api/media';
import { limitsOf } from './files';
import { Uploads } from './uploads.svelte';

vi.mock('../api/media');

const media = (part: Partial<MediaAttachment> = {}): MediaAttachment => ({
	id: '1', type: 'image', url: '/a.png', preview_url: '/a.png', remote_url: null, description: null, blurhash: null, ...part,
});
const file = (name = 'a.png', type = 'image/png') => new File(['x'], name, { type });
const settled = () => new Promise((done) => setTimeout(done));

let uploads: Uploads;
let changed: ReturnType<typeof vi.fn<() => void>>;
let pauses: number[];
const add = (...files: File[]) => uploads.add(files.length ? files : [file()], limitsOf(null));

beforeEach(() => {
	vi.resetAllMocks();
	vi.mocked(api.remove).mockResolvedValue({});
	URL.createObjectURL = () => 'blob:a';
	URL.revokeObjectURL = vi.fn();
	pauses = [];
	changed = vi.fn<() => void>();
	uploads = new Uploads(changed, async (ms) => void pauses.push(ms));
});

describe('uploads', () => {
	it('tell how far they have come, and hold the post back until they are there', async () => {
		let arrive!: (answer: MediaAttachment) => void;
		vi.mocked(api.send).mockImplementation((_, progress) => {
			progress(0.4);
			return new Promise((resolve) => (arrive = resolve));
		});
		add();
		expect(uploads.list[0]).toMatchObject({ state: 'sending', progress: 0.4, preview: 'blob:a' });
		expect(uploads.ready).toBe(false);
		arrive(media());
		await settled();
		expect(uploads.list[0]!.state).toBe('ready');
		expect(uploads.ready).toBe(true);
		expect(changed).toHaveBeenCalled();
	});

	it('ask after a film less and less often', async () => {
		vi.mocked(api.send).mockResolvedValue(media({ type: 'video', url: null }));
		vi.mocked(api.one).mockResolvedValueOnce(media({ url: null })).mockRejectedValueOnce(new ApiError(0, 'offline')).mockResolvedValue(media({ type: 'video' }));
		add(file('a.mp4', 'video/mp4'));
		await settled();
		expect(pauses).toEqual([500, 750, 1125]);
		expect(uploads.list[0]!.state).toBe('ready');
	});

	it('keep the words of a refusal, and are sent anew', async () => {
		vi.mocked(api.send).mockRejectedValueOnce(new ApiError(422, 'Validation failed: too many pixels')).mockResolvedValue(media());
		add();
		await settled();
		const [upload] = uploads.list;
		expect(upload).toMatchObject({ state: 'failed', error: 'Validation failed: too many pixels', canRetry: true });
		await upload!.retry();
		expect(upload).toMatchObject({ state: 'ready', error: '' });
		expect(api.send).toHaveBeenCalledTimes(2);
	});

	it('send a film anew that could not be processed', async () => {
		vi.mocked(api.send).mockResolvedValue(media({ url: null }));
		vi.mocked(api.one).mockRejectedValueOnce(new ApiError(422, 'Error processing')).mockResolvedValue(media());
		add();
		await settled();
		expect(uploads.list[0]).toMatchObject({ state: 'failed', media: null });
		await uploads.list[0]!.retry();
		expect(api.send).toHaveBeenCalledTimes(2);
	});

	it('come back with a draft, unless the server has let them go', async () => {
		vi.mocked(api.one).mockImplementation(async (id) => {
			if (id === '2') throw new ApiError(404, 'Record not found');
			return media({ id, description: 'A tusk' });
		});
		uploads.restore([{ id: '1', name: 'a.png' }, { id: '2', name: 'b.png' }]);
		expect(uploads.ready).toBe(false);
		await settled();
		expect(uploads.list[0]).toMatchObject({ state: 'ready', description: 'A tusk' });
		expect(uploads.list[1]).toMatchObject({ state: 'failed', canRetry: false });
		expect(uploads.kept).toEqual([{ id: '1', name: 'a.png' }]);
	});

	it('change places, and are posted in their order', async () => {
		vi.mocked(api.send).mockResolvedValueOnce(media({ id: '1' })).mockResolvedValueOnce(media({ id: '2' }));
		add(file('a.png'), file('b.png'));
		await settled();
		uploads.move(uploads.list[1]!, -1);
		expect(uploads.ids).toEqual(['2', '1']);
		uploads.move(uploads.list[0]!, -1);
		expect(uploads.ids).toEqual(['2', '1']);
	});

	it('are stopped and taken back when they are removed', async () => {
		let signal!: AbortSignal;
		vi.mocked(api.send).mockImplementationOnce((_, __, given) => {
			signal = given;
			return new Promise(() => {});
		}).mockResolvedValue(media());
		add(file('a.png'), file('b.png'));
		await settled();
		uploads.remove(uploads.list[0]!);
		expect(signal.aborted).toBe(true);
		uploads.remove(uploads.list[0]!);
		expect(api.remove).toHaveBeenCalledExactlyOnceWith('1');
		expect(uploads.list).toEqual([]);
	});

	it('count those without a description', async () => {
		vi.mocked(api.send).mockResolvedValue(media());
		vi.mocked(api.describe).mockResolvedValue(media({ description: 'A tusk' }));
		add();
		await settled();
		expect(uploads.bare).toBe(1);
		await uploads.list[0]!.describe('A tusk', { x: 0.5, y: -0.25 });
		expect(api.describe).toHaveBeenCalledWith('1', { description: 'A tusk', focus: '0.5,-0.25' });
		expect(uploads.bare).toBe(0);
	});
});

describe('uploads of a post that is edited', () => {
	const shown = [media({ id: '7', description: 'A bird', meta: { focus: { x: 0.5, y: 0 } } }), media({ id: '8', type: 'video' })];
	beforeEach(() => uploads.show(shown, ({ id }) => `file ${id}`));

	it('are ready, and say nothing until something is altered', () => {
		expect(uploads.ready).toBe(true);
		expect(uploads.list.map(({ name, description, kind }) => [name, description, kind])).toEqual([['file 7', 'A bird', 'image'], ['file 8', '', 'video']]);
		expect(uploads.ids).toEqual(['7', '8']);
		expect(uploads.alterations).toEqual([]);
	});

	it('keep what is said of them until the post is saved', async () => {
		await uploads.list[0]!.describe('A blue bird', { x: 0, y: -1 });
		expect(api.describe).not.toHaveBeenCalled();
		expect(uploads.list[0]).toMatchObject({ description: 'A blue bird', focus: { x: 0, y: -1 }, state: 'ready' });
		expect(uploads.alterations).toEqual([{ id: '7', description: 'A blue bird', focus: '0,-1' }]);
	});

	it('are taken out of it, and not away from the server', () => {
		uploads.remove(uploads.list[0]!);
		uploads.clear(true);
		expect(api.remove).not.toHaveBeenCalled();
	});
});

describe('a film on its way', () => {
	it('is shown by its own first picture until the server has made one', async () => {
		let arrive!: (answer: MediaAttachment) => void;
		vi.mocked(api.send).mockImplementation(() => new Promise((resolve) => (arrive = resolve)));
		add(file('a.mp4', 'video/mp4'));
		expect(uploads.list[0]).toMatchObject({ preview: '', playable: 'blob:a' });
		arrive(media({ type: 'video' }));
		await settled();
		expect(uploads.list[0]).toMatchObject({ preview: '/a.png', playable: '' });
	});
});
