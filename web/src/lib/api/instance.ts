import { get } from './client';
import type { Instance } from './entities';

export const instance = () => get<Instance>('/api/v2/instance');
