import { get } from './client';
import type { Account, Collection } from './entities';

export const show = (id: string) => get<{ collection: Collection; accounts: Account[] }>(`/api/v1/collections/${id}`);
