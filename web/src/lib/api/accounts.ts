import { del, get, patch, post } from './client';
import type { Account, CredentialAccount, Preferences, Relationship } from './entities';

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
export const preferences = () => get<Preferences>('/api/v1/preferences');
export const change = (form: FormData) => patch<CredentialAccount>('/api/v1/accounts/update_credentials', form);
export const dropPicture = (which: 'avatar' | 'header') => del<CredentialAccount>(`/api/v1/profile/${which}`);
export const lookup = (acct: string) => get<Account>('/api/v1/accounts/lookup', { acct });
export const relationships = (ids: string[]) => get<Relationship[]>('/api/v1/accounts/relationships', { id: ids });
