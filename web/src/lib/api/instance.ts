import { get } from './client';
import type { CustomEmoji, Instance } from './entities';

export const instance = () => get<Instance>('/api/v2/instance');
export const customEmojis = () => get<CustomEmoji[]>('/api/v1/custom_emojis');
