import { get, post } from './client';
import type { Markers } from './entities';

export const markers = () => get<Markers>('/api/v1/markers', { timeline: ['notifications'] });
export const markRead = (id: string) => post<Markers>('/api/v1/markers', { notifications: { last_read_id: id } });
