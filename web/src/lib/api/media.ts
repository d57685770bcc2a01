import { del, get, put, upload } from './client';
import type { MediaAttachment } from './entities';

/** Answers before a film or sound is processed; until then the attachment has no address. */
export const send = (file: File, progress: (part: number) => void, signal: AbortSignal) => {
	const form = new FormData();
	form.append('file', file);
	return upload<MediaAttachment>('/api/v2/media', form, progress, signal);
};
export const one = (id: string) => get<MediaAttachment>(`/api/v1/media/${id}`);
export const describe = (id: string, change: { description: string; focus: string }) => put<MediaAttachment>(`/api/v1/media/${id}`, change);
export const remove = (id: string) => del<unknown>(`/api/v1/media/${id}`);
