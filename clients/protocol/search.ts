import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { id, optionalText, text, time } from './words.ts';
import type { Message } from './messages.ts';

/**
 * `query`: words that must all occur, "quoted phrases" that must occur as written. Words match whole words; Chinese, Japanese and Korean match
 * anywhere. Newest first. `cursor` continues after the last hit of the page before.
 */
export const MessageSearch = z.strictObject({
  query: text(limits.query),
  conversationId: z.optional(id),
  senderId: z.optional(id),
  /** Inclusive. */
  after: z.optional(time),
  /** Exclusive. */
  before: z.optional(time),
  bot: z.optional(z.boolean()),
  cursor: z.optional(optionalText(80)),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(limits.page)), 20),
});
export type MessageSearch = z.output<typeof MessageSearch>;

/** A hit: the message as it is now, where it was said, and which parts of its body matched, as [start, end) in UTF-16 units. */
export type Hit = { message: Message; conversationName: string | null; marks: [number, number][] };
export type Found = { hits: Hit[]; next: string | null };
