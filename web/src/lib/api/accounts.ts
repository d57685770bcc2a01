import { get, post } from './client';
import type { Account, CredentialAccount, Relationship } from './entities';

const act = (name: string) => (id: string) => post<Relationship>(`/api/v1/accounts/${id}/${name}`);

export const follow = act('follow');
export const unfollow = act('unfollow');
export const block = act('block');
export const unblock = act('unblock');
export const mute = act('mute');
export const unmute = act('unmute');

export const authorize = (id: string) => post<Relationship>(`/api/v1/follow_requests/${id}/authorize`);
export const reject = (id: string) => post<Relationship>(`/api/v1/follow_requests/${id}/reject`);

export const me = () => get<CredentialAccount>('/api/v1/accounts/verify_credentials');
export const lookup = (acct: string) => get<Account>('/api/v1/accounts/lookup', { acct });
export const relationships = (ids: string[]) => get<Relationship[]>('/api/v1/accounts/relationships', { id: ids });
