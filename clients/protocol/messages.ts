import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { clientId, id, name, pageSize, position, text, time } from './words.ts';

/**
 * A message as every door shows it. Times are milliseconds since 1970. A recalled message keeps its numbers and loses
 * its body and mentions.
 */
export type Message = {
  id: string;
  conversationId: string;
  /** Its place among all messages of the conversation, for ever. */
  seq: number;
  /** Its place on the main line; null for an answer in a conversation with replies. */
  line: number | null;
  /** The conversation's `head` at its last change. */
  rev: number;
  senderId: string;
  clientId: string;
  /** The root's id; null for a root. */
  threadId: string | null;
  /** A root with a title begins a topic. The title is what others answer under, and stays when the root is recalled. */
  title: string | null;
  body: string;
  /** People named as `<@id>` in the body. */
  mentions: string[];
  at: number;
  editedAt: number | null;
  recalledAt: number | null;
  /** Answers below this root, and when the last came. */
  answers: number;
  lastAnswerAt: number | null;
  /** When it was pinned; see pins.ts. */
  pinnedAt: number | null;
};

/** What a message carries that nothing has happened to since it was sent. */
export const untouched = {
  editedAt: null,
  recalledAt: null,
  answers: 0,
  lastAnswerAt: null,
  pinnedAt: null,
} satisfies Partial<Message>;

/** The line of a list: who said what last. */
export type LastMessage = { senderId: string; body: string; at: number; seq: number; recalled: boolean };

export const MessageSend = z.strictObject({
  conversationId: id,
  clientId,
  body: text(limits.body),
  threadId: z.optional(id),
  /** Begins a topic (conversations with topics only). */
  title: z.optional(name(limits.name)),
});
export type MessageSend = z.infer<typeof MessageSend>;
/** What the sender learns: the message is durable, and where it stands. */
export type Sent = { id: string; seq: number; line: number | null; rev: number; at: number };

export const MessageEdit = z.strictObject({ conversationId: id, messageId: id, body: text(limits.body) });
export const MessageRecall = z.strictObject({ conversationId: id, messageId: id });

/**
 * One page of history, oldest first. Exactly one place to begin: `before` or `after` (a seq, exclusive), `around` (a seq, inclusive),
 * `at` (a time: the page around the first message at or after it); none = the newest. `threadId` narrows to one root and its answers.
 * `head`: the head at which the asker last saw this same page; an unchanged conversation answers `{ unchanged: true }` without a body.
 */
export const HistoryPage = z.strictObject({
  conversationId: id,
  before: z.optional(position),
  after: z.optional(position),
  around: z.optional(position),
  at: z.optional(time),
  threadId: z.optional(id),
  head: z.optional(position),
  limit: z._default(pageSize, 50),
});
export type HistoryPage = z.infer<typeof HistoryPage>;
export type Page = { messages: Message[]; head: number; older: boolean; newer: boolean };

const mention = /<@([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})>/g;

/** The ids of the people a body names, each once, in order of appearance, at most 50. */
export function mentionsIn(body: string): string[] {
  const found = new Set<string>();
  for (const match of body.matchAll(mention)) {
    if (found.size === 50) break;
    found.add(match[1]!);
  }
  return [...found];
}
