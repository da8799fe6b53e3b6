import { heard } from '../conversations/members.ts';
import { call } from '../doors/socket.ts';
import * as history from './history.ts';
import * as messages from './messages.ts';
import * as revisions from './revisions.ts';
import * as sync from './sync.ts';
import * as topics from './topics.ts';

export const messageCalls = [
  call('sync:start', 'conversations.read', 'start', sync.start),
  call('sync:conversation', 'conversations.read', 'page', sync.catchUp),
  call('history:page', 'conversations.read', 'page', history.page),
  call('message:send', 'messages.send', heard('send'), messages.send),
  call('message:edit', 'messages.send', heard('send'), messages.edit),
  call('message:recall', 'messages.send', heard('send'), messages.recall),
  call('message:revisions', 'conversations.read', 'page', revisions.list),
  call('topic:list', 'conversations.read', 'page', topics.list),
];
