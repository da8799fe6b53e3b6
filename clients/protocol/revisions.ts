import * as z from 'zod/mini';
import { id } from './words.ts';

/** Who may read the former versions of an edited message: the organisation's choice. */
export const revisionReaders = ['members', 'sender', 'none'] as const;
export type RevisionReaders = (typeof revisionReaders)[number];

/** A former version of an edited message. */
export type Revision = {
  /** 1, 2, 3 … in the order in which the versions stood; a version that was not kept has no number. */
  number: number;
  body: string;
  mentions: string[];
  /** When this version was written, in milliseconds since 1970. */
  at: number;
  /** When an edit replaced it, and whose. */
  replacedAt: number;
  replacedBy: string | null;
};

/** Revisions one answer may hold. Each may be as long as a message. */
export const mostRevisions = 20;

/** The revisions of one message, the latest first; `before`: a revision's number, exclusive. */
export const MessageRevisions = z.strictObject({
  conversationId: id,
  messageId: id,
  before: z.optional(z.int().check(z.minimum(1), z.maximum(2_147_483_647))),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(mostRevisions)), mostRevisions),
});
