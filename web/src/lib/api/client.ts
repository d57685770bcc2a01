/** The one place that talks HTTP. Signed in by cookie, so requests stay on our own origin. */

export class ApiError extends Error {
	constructor(
		/** HTTP status, or 0 when the server could not be reached at all. */
		readonly code: number,
		message: string,
	) {
		super(message);
		this.name = 'ApiError';
	}

	get unreachable(): boolean {
		return this.code === 0;
	}
}

export interface Page<T> {
	data: T;
	/** Address of the following (older) page, from the Link header. */
	next: string | null;
	prev: string | null;
	/** What the server still does for this answer, as the header Mastodon-Async-Refresh has it. */
	refresh?: string;
}

type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

interface Options {
	query?: Query;
	body?: unknown;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

export const get = async <T>(path: string, query?: Query): Promise<T> => (await request<T>('GET', path, { query })).data;
export const getPage = <T>(path: string, query?: Query): Promise<Page<T>> => request<T>('GET', path, { query });
export const post = async <T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> =>
	(await request<T>('POST', path, { body, headers })).data;
export const put = async <T>(path: string, body: unknown): Promise<T> => (await request<T>('PUT', path, { body })).data;
export const patch = async <T>(path: string, body: unknown): Promise<T> => (await request<T>('PATCH', path, { body })).data;
export const del = async <T>(path: string): Promise<T> => (await request<T>('DELETE', path)).data;

export async function request<T>(method: string, path: string, options: Options = {}): Promise<Page<T>> {
	const response = await send(method, path, options);
	const data = await read(response);
	if (!response.ok) throw new ApiError(response.status, errorText(data, response.status, response.statusText));
	const links = parseLinks(response.headers.get('Link'));
	const refresh = response.headers.get('Mastodon-Async-Refresh');
	return { data: data as T, next: links.next ?? null, prev: links.prev ?? null, ...(refresh && { refresh }) };
}

async function send(method: string, path: string, { query, body, headers, signal }: Options): Promise<Response> {
	try {
		return await fetch(withQuery(path, query), {
			method,
			credentials: 'same-origin',
			headers: {
				Accept: 'application/json',
				...(body === undefined || body instanceof FormData ? {} : { 'Content-Type': 'application/json' }),
				...headers,
			},
			body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
			signal,
		});
	} catch (error) {
		throw new ApiError(0, error instanceof Error ? error.message : String(error));
	}
}

async function read(response: Response): Promise<unknown> {
	try {
		return await response.json();
	} catch {
		if (response.ok) throw new ApiError(response.status, `The server's answer could not be read.`);
		return null;
	}
}

/** Sends files, telling how much of them has gone (0 to 1), which fetch cannot. */
export function upload<T>(path: string, form: FormData, progress: (part: number) => void, signal?: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const call = new XMLHttpRequest();
		call.open('POST', path);
		call.setRequestHeader('Accept', 'application/json');
		call.upload.onprogress = ({ lengthComputable, loaded, total }) => lengthComputable && progress(loaded / total);
		call.onload = () => {
			const data = parsed(call.responseText);
			if (call.status >= 200 && call.status < 300 && data) resolve(data as T);
			else reject(new ApiError(call.status, errorText(data, call.status, call.statusText)));
		};
		call.onerror = () => reject(new ApiError(0, 'The connection was lost.'));
		call.onabort = () => reject(new DOMException('Stopped', 'AbortError'));
		signal?.addEventListener('abort', () => call.abort());
		call.send(form);
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function errorText(data: unknown, code: number, words: string): string {
	if (data && typeof data === 'object' && 'error' in data && typeof data.error === 'string') return data.error;
	return `${code} ${words}`.trim();
}

export function withQuery(path: string, query: Query = {}): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		if (value === null || value === undefined) continue;
		if (typeof value === 'object') for (const item of value) search.append(`${name}[]`, item);
		else search.append(name, String(value));
	}
	const text = search.toString();
	return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
}

/**
 * Reads a Link header into addresses on our own origin. The header may name the
 * server by its public address while we reach it through another (a proxy in
 * development), so only path and query are kept.
 */
export function parseLinks(header: string | null): Record<string, string> {
	const links: Record<string, string> = {};
	for (const [, target, parameters] of (header ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[^,;="]+(?:=(?:"[^"]*"|[^,;"]*))?)*)/g)) {
		const rel = /;\s*rel="?([^";]+)"?/i.exec(parameters ?? '')?.[1];
		if (!rel || !target) continue;
		const url = new URL(target, location.origin);
		for (const name of rel.trim().split(/\s+/)) links[name] ??= url.pathname + url.search;
	}
	return links;
}
