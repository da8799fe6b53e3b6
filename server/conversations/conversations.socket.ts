import { heard } from './members.ts';
import { call } from '../doors/socket.ts';
import * as conversations from './conversations.ts';
import { find } from './find.ts';
import * as lists from './lists.ts';
import * as reading from './reading.ts';

const nothing = {};

export const conversationCalls = [
  call('conversation:create', 'conversations.create', 'write', conversations.create),
  call('conversation:direct', 'conversations.create', 'write', (work, { userId }) =>
    conversations.direct(work, userId),
  ),
  call('conversation:open', 'conversations.read', 'read', (work, { conversationId }) =>
    conversations.open(work, conversationId),
  ),
  call('conversation:close', 'conversations.read', 'read', (work, { conversationId }) =>
    conversations.close(work, conversationId).then(() => nothing),
  ),
  call('conversation:join', 'channels.browse', heard('write'), (work, { conversationId }) =>
    conversations.join(work, conversationId),
  ),
  call('conversation:leave', 'conversations.read', heard('write'), (work, { conversationId }) =>
    conversations.leave(work, conversationId).then(() => nothing),
  ),
  call('conversation:rename', 'messages.send', heard('write'), (work, input) =>
    conversations.rename(work, input).then((rev) => ({ rev })),
  ),
  call('conversation:archive', 'messages.send', heard('write'), (work, { conversationId }) =>
    conversations.archive(work, conversationId).then((rev) => ({ rev })),
  ),
  call('conversation:make-private', 'messages.send', heard('write'), (work, { conversationId }) =>
    conversations.makePrivate(work, conversationId).then((rev) => ({ rev })),
  ),
  call('conversation:browse', 'channels.browse', 'page', lists.browse),
  call('conversation:find', 'conversations.read', 'page', find),
  call('conversation:prefer', 'conversations.read', 'write', conversations.prefer),
  call('member:list', 'conversations.read', 'page', lists.listMembers),
  call('member:add', 'messages.send', heard('write'), (work, { conversationId, userIds }) =>
    conversations.addMembers(work, conversationId, userIds).then((added) => ({ added })),
  ),
  call('member:remove', 'messages.send', heard('write'), (work, { conversationId, userId }) =>
    conversations.removeMember(work, conversationId, userId).then(() => nothing),
  ),
  call('member:role', 'messages.send', heard('write'), (work, input) =>
    conversations.setMemberRole(work, input).then((rev) => ({ rev })),
  ),
  call('read:mark', 'conversations.read', 'write', reading.markRead),
  call('read:unread', 'conversations.read', 'write', reading.markUnread),
  call('thread:mark', 'conversations.read', 'write', reading.markThread),
  call('thread:follows', 'conversations.read', 'page', reading.listFollows),
];
