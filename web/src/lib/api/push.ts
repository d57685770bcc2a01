import { del, get, post, put } from './client';

export const policies = ['all', 'followed', 'follower', 'none'] as const;
export type Policy = (typeof policies)[number];

export interface PushSubscriptionEntity {
	id: number;
	endpoint: string;
	alerts: Record<string, boolean>;
	policy: Policy;
	server_key: string;
}

/** What a member wants to be told of, and of whom. */
export interface Wishes {
	alerts: Record<string, boolean>;
	policy: Policy;
}

const PATH = '/api/v1/push/subscription';

export const subscription = () => get<PushSubscriptionEntity>(PATH);
export const subscribe = (to: { endpoint?: string; keys?: Record<string, string> }, data: Wishes) =>
	post<PushSubscriptionEntity>(PATH, { subscription: { endpoint: to.endpoint, keys: to.keys, standard: true }, data });
export const change = (data: Wishes) => put<PushSubscriptionEntity>(PATH, { data });
export const unsubscribe = () => del<object>(PATH);
