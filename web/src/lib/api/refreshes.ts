import { get } from './client';

/** Something that the server does in the background of an answer. */
export interface Refresh {
	id: string;
	/** Seconds until it is worth asking how far it is. */
	retry: number;
	/** How much had come of it already. */
	count: number;
}

/** Reads the header Mastodon-Async-Refresh: `id="context:1", retry=3, result_count=0`. */
export function parseRefresh(header: string | undefined): Refresh | null {
	const fields: Record<string, string> = {};
	for (const [, name, quoted, plain] of (header ?? '').matchAll(/(\w+)=(?:"([^"]*)"|([^\s,"]+))/g)) fields[name!] = quoted ?? plain!;
	if (!fields.id) return null;
	return { id: fields.id, retry: Math.max(1, Number(fields.retry) || 5), count: Number(fields.result_count) || 0 };
}

/** How far it is. */
export const refresh = async (id: string) =>
	(
		await get<{ async_refresh: { id: string; status: 'running' | 'finished'; result_count?: number | null } }>(
			`/api/v1_alpha/async_refreshes/${encodeURIComponent(id)}`,
		)
	).async_refresh;
