import { call } from '../doors/socket.ts';
import * as history from './history.ts';
import * as messages from './messages.ts';
import * as revisions from './revisions.ts';
import * as sync from './sync.ts';
import * as topics from './topics.ts';

export const messageCalls = [
  call('sync:start', 'conversations.read', sync.start),
  call('sync:conversation', 'conversations.read', sync.catchUp),
  call('history:page', 'conversations.read', history.page),
  call('message:send', 'messages.send', messages.send),
  call('message:edit', 'messages.send', messages.edit),
  call('message:recall', 'messages.send', messages.recall),
  call('message:revisions', 'conversations.read', revisions.list),
  call('topic:list', 'conversations.read', topics.list),
];
