import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { id, optionalText, text, time } from './words.ts';
import type { Message } from './messages.ts';

const question = {
  query: text(limits.query),
  /**
   * Chinese in the other characters (Simplified, Traditional) and letters with or without accents are found as well.
   */
  variants: z._default(z.boolean(), false),
  /** While the question is being typed: its last word may be the beginning of one. */
  prefix: z._default(z.boolean(), false),
  conversationId: z.optional(id),
  senderId: z.optional(id),
  /** Inclusive. */
  after: z.optional(time),
  /** Exclusive. */
  before: z.optional(time),
  bot: z.optional(z.boolean()),
};

/**
 * `query`: words that must all occur, "quoted phrases" that must occur as written. Words match whole words; scripts
 * without blanks between words (Chinese, Japanese, Korean, Thai) match anywhere. What is alike is told in
 * docs/reference/search.md. Newest first. `cursor` continues after the last hit of the page before.
 */
export const MessageSearch = z.strictObject({
  ...question,
  cursor: z.optional(optionalText(80)),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(limits.page)), 20),
});
export type MessageSearch = z.output<typeof MessageSearch>;

/** How many messages a search finds, all its pages together. */
export const MessageCount = z.strictObject(question);
export type MessageCount = z.output<typeof MessageCount>;
/** `more`: counting ended there, and there are others. */
export type Counted = { count: number; more: boolean };

/** A hit: the message as it is now, where it was said, and which parts of its body matched, as [start, end) in UTF-16 units. */
export type Hit = { message: Message; conversationName: string | null; marks: [number, number][] };
export type Found = { hits: Hit[]; next: string | null };
