import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { clientId, id, name, optionalLines, optionalText, pageSize, position } from './words.ts';
import type { LastMessage } from './messages.ts';

export const kinds = ['direct', 'group', 'channel'] as const;
export type ConversationKind = (typeof kinds)[number];
export type Visibility = 'public' | 'private';
/** `replies`: the main line shows roots with a count of answers. `topics`: it shows everything, under topic headings. */
export type Threading = 'replies' | 'topics';
export type MemberRole = 'owner' | 'moderator' | 'member';

/** The conversation's own facts, the same for every reader. `rev` is the `head` of their last change. */
export type Conversation = {
  id: string;
  kind: ConversationKind;
  name: string | null;
  purpose: string;
  visibility: Visibility;
  threading: Threading;
  createdAt: number;
  archivedAt: number | null;
  rev: number;
};

/** One membership. People who left keep their row, with `leftAt`. */
export type Member = {
  conversationId: string;
  userId: string;
  role: MemberRole;
  joinedAt: number;
  leftAt: number | null;
  rev: number;
};

/** What one reader's list shows: the conversation, its counters, and what is the reader's own. */
export type Summary = {
  conversation: Conversation;
  /** Numbers all messages: 1, 2, 3 … without holes. */
  lastSeq: number;
  /** Numbers the main line. What of it is unread is `mine.unread`: a subtraction would count recalled messages. */
  lastLine: number;
  /** Numbers every change a member can see. */
  head: number;
  memberCount: number;
  /** The other person of a direct conversation. */
  peerId: string | null;
  last: LastMessage | null;
  /** null: a public channel looked at from outside. */
  mine: Mine | null;
};

/** A reader's own state in a conversation; `urev` is its place in the reader's own stream. */
export type Mine = {
  role: MemberRole;
  /** How far the main line was read. Never moves back. */
  readLine: number;
  /**
   * "Mark unread from here": the line from which messages count as unread although they were read. null: from the read
   * mark on.
   */
  unreadFrom: number | null;
  /** Unread messages of the main line, recalled ones not counted. */
  unread: number;
  /** Unread messages that mention the reader: those of the main line, and the answers in `threads`. */
  mentions: number;
  muted: boolean;
  pinned: boolean;
  urev: number;
  /** The conversation's `head` when these counts were taken: a change above it is not in them. */
  head: number;
  /** Followed threads with unread answers. People follow what they began, answered, or are named in. */
  threads: UnreadThread[];
};

/**
 * `answers` and `read` are places in the thread, recalled answers included; `unread` and `mentions` do not count those.
 */
export type UnreadThread = { threadId: string; answers: number; read: number; unread: number; mentions: number };

export const ConversationCreate = z.strictObject({
  clientId,
  kind: z.enum(['group', 'channel']),
  name: name(limits.name),
  purpose: z._default(optionalLines(limits.purpose), ''),
  visibility: z._default(z.enum(['public', 'private']), 'private'),
  threading: z._default(z.enum(['replies', 'topics']), 'replies'),
  memberIds: z._default(z.array(id).check(z.maxLength(limits.people)), []),
});
export const ConversationDirect = z.strictObject({ userId: id });
export const ConversationRef = z.strictObject({ conversationId: id });
export const ConversationRename = z.strictObject({
  conversationId: id,
  name: name(limits.name),
  purpose: z._default(optionalLines(limits.purpose), ''),
});
export const ConversationBrowse = z.strictObject({
  query: z._default(optionalText(limits.query), ''),
  after: z.optional(optionalText(500)),
  limit: z._default(pageSize, 50),
});
export const ConversationFind = z.strictObject({
  query: optionalText(limits.query),
  limit: z._default(pageSize, 12),
});
export const MemberList = z.strictObject({
  conversationId: id,
  after: z.optional(id),
  limit: z._default(pageSize, 100),
});
export const MembersAdd = z.strictObject({
  conversationId: id,
  userIds: z.array(id).check(z.minLength(1), z.maxLength(limits.people)),
});
export const MemberRemove = z.strictObject({ conversationId: id, userId: id });
export const MemberSetRole = z.strictObject({
  conversationId: id,
  userId: id,
  role: z.enum(['owner', 'moderator', 'member']),
});
export const ConversationPrefer = z.strictObject({
  conversationId: id,
  muted: z.optional(z.boolean()),
  pinned: z.optional(z.boolean()),
});
export const ReadMark = z.strictObject({ conversationId: id, line: position });
/** `line`: the first message that counts as unread again, one that was read. null: none, the read mark counts alone. */
export const ReadUnread = z.strictObject({ conversationId: id, line: z.nullable(position.check(z.minimum(1))) });
export const ThreadMark = z.strictObject({ conversationId: id, threadId: id, answers: position });
export const ThreadFollows = z.strictObject({
  conversationId: id,
  after: z.optional(id),
  limit: z._default(pageSize, limits.page),
});
export const TopicList = z.strictObject({
  conversationId: id,
  before: z.optional(position),
  limit: z._default(pageSize, 50),
});
/** One topic of a channel with topics, newest talk first. */
export type Topic = { rootId: string; title: string; answers: number; lastAt: number; rev: number };
