import { call } from '../doors/socket.ts';
import { search } from './search.ts';

export const searchCalls = [call('message:search', 'conversations.read', 'search', search)];
