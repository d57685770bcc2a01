import { del, get, getPage, post, put } from './client';
import type { Context, Poll, Reaction, Status, Visibility } from './entities';
import { parseRefresh } from './refreshes';

export interface NewStatus {
	status: string;
	spoiler_text?: string;
	visibility: Visibility;
	local_only?: boolean;
	language?: string;
	in_reply_to_id?: string;
	media_ids?: string[];
	sensitive?: boolean;
	poll?: NewPoll;
}

/** A poll as it is asked. Without `expires_in`, in seconds, one that is already there ends when it would have. */
export interface NewPoll {
	options: string[];
	multiple: boolean;
	expires_in?: number;
}

/** A post as its author wants it to be; what is left out of it is taken out. */
export type StatusChange = Omit<NewStatus, 'visibility' | 'local_only' | 'in_reply_to_id'> & {
	media_attributes?: { id: string; description: string; focus: string }[];
};

const act = (name: string) => (id: string) => post<Status>(`/api/v1/statuses/${id}/${name}`);

export const favourite = act('favourite');
export const unfavourite = act('unfavourite');
export const boost = act('reblog');
export const unboost = act('unreblog');
export const bookmark = act('bookmark');
export const unbookmark = act('unbookmark');
export const pin = act('pin');
export const unpin = act('unpin');

export const one = (id: string) => get<Status>(`/api/v1/statuses/${id}`);
export const several = (ids: string[]) => get<Status[]>('/api/v1/statuses', { id: ids });
/** The statuses around one, and whether the server looks for more of them. */
export const context = async (id: string) => {
	const { data, refresh } = await getPage<Context>(`/api/v1/statuses/${id}/context`);
	return { ...data, refresh: parseRefresh(refresh) };
};
/** Of people on other servers; members alone may ask. */
export const reactions = (id: string) => get<Reaction[]>(`/api/anancus/v1/statuses/${id}/reactions`);
export const remove = (id: string) => del<Status>(`/api/v1/statuses/${id}`);
export const source = (id: string) => get<{ id: string; text: string; spoiler_text: string }>(`/api/v1/statuses/${id}/source`);
export const edit = (id: string, change: StatusChange) => put<Status>(`/api/v1/statuses/${id}`, change);
export const vote = (poll: string, choices: number[]) => post<Poll>(`/api/v1/polls/${poll}/votes`, { choices });

/** The key lets the server recognise a retry of the same draft and not publish twice. */
export const publish = (status: NewStatus, key: string) =>
	post<Status>('/api/v1/statuses', status, { 'Idempotency-Key': key });
