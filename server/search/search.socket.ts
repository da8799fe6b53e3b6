import { call } from '../doors/socket.ts';
import { count, search } from './search.ts';

export const searchCalls = [
  call('message:search', 'conversations.read', 'search', search),
  call('message:count', 'conversations.read', 'search', count),
];
