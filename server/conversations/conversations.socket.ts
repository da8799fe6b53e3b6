import { call } from '../doors/socket.ts';
import * as conversations from './conversations.ts';
import * as lists from './lists.ts';
import * as reading from './reading.ts';

const nothing = {};

export const conversationCalls = [
  call('conversation:create', 'conversations.create', conversations.create),
  call('conversation:direct', 'conversations.create', (work, { userId }) => conversations.direct(work, userId)),
  call('conversation:open', 'conversations.read', (work, { conversationId }) =>
    conversations.open(work, conversationId),
  ),
  call('conversation:close', 'conversations.read', (work, { conversationId }) =>
    conversations.close(work, conversationId).then(() => nothing),
  ),
  call('conversation:join', 'channels.browse', (work, { conversationId }) => conversations.join(work, conversationId)),
  call('conversation:leave', 'conversations.read', (work, { conversationId }) =>
    conversations.leave(work, conversationId).then(() => nothing),
  ),
  call('conversation:rename', 'messages.send', (work, input) =>
    conversations.rename(work, input).then((rev) => ({ rev })),
  ),
  call('conversation:archive', 'messages.send', (work, { conversationId }) =>
    conversations.archive(work, conversationId).then((rev) => ({ rev })),
  ),
  call('conversation:make-private', 'messages.send', (work, { conversationId }) =>
    conversations.makePrivate(work, conversationId).then((rev) => ({ rev })),
  ),
  call('conversation:browse', 'channels.browse', lists.browse),
  call('conversation:prefer', 'conversations.read', conversations.prefer),
  call('member:list', 'conversations.read', lists.listMembers),
  call('member:add', 'messages.send', (work, { conversationId, userIds }) =>
    conversations.addMembers(work, conversationId, userIds).then((added) => ({ added })),
  ),
  call('member:remove', 'messages.send', (work, { conversationId, userId }) =>
    conversations.removeMember(work, conversationId, userId).then(() => nothing),
  ),
  call('member:role', 'messages.send', (work, input) =>
    conversations.setMemberRole(work, input).then((rev) => ({ rev })),
  ),
  call('read:mark', 'conversations.read', reading.markRead),
  call('read:unread', 'conversations.read', reading.markUnread),
  call('thread:mark', 'conversations.read', reading.markThread),
  call('thread:follows', 'conversations.read', reading.listFollows),
];
