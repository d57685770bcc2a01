import { get } from './client';
import type { Search } from './entities';

export const search = (q: string, resolve: boolean, type?: 'accounts' | 'statuses' | 'hashtags') =>
	get<Search>('/api/v2/search', { q, type, resolve: resolve || undefined, limit: 20 });
