import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { id, position } from './words.ts';
import type { Conversation, Member, Mine, Summary } from './conversations.ts';
import type { Message } from './messages.ts';
import type { Me, Person } from './people.ts';

/** One change of a conversation, at its place `rev`. */
export type Change =
  /**
   * `recall`, live only: this very change took the message back. Where it is missing, the message may have been
   * recalled before.
   */
  | { kind: 'message'; rev: number; message: Message; recall?: true }
  /** Live only: a root got answers. Catch-up shows the root itself as a `message`. */
  | { kind: 'answers'; rev: number; threadId: string; answers: number; lastAnswerAt: number }
  | { kind: 'member'; rev: number; member: Member }
  | { kind: 'conversation'; rev: number; conversation: Conversation };

/**
 * The first call of every connection. `heads` are the conversations the device already holds, each with its cursor;
 * the answer lists only what moved since (or everything, without `cursor`).
 */
export const SyncStart = z.strictObject({
  cursor: z._default(z.nullable(position), null),
  heads: z._default(
    z
      .record(id, position)
      .check(
        z.refine(
          (heads) => Object.keys(heads).length <= limits.cursors,
          `may hold at most ${limits.cursors} conversations`,
        ),
      ),
    {},
  ),
});
export type Started = {
  me: Me;
  /** The head of the reader's own stream: the next `cursor`. */
  head: number;
  changed: Summary[];
  /** Conversations the reader is no longer in. */
  left: string[];
  /** The people the summaries name. */
  people: Person[];
};

/** What a conversation did after `since`. The cursor becomes `next`, which is `head` only when nothing is left. */
export const SyncConversation = z.strictObject({
  conversationId: id,
  since: position,
  limit: z._default(z.int().check(z.minimum(1), z.maximum(limits.changes)), 200),
});
/** `reset`: the cursor is so far behind that opening the newest page anew is cheaper than replaying. */
export type CaughtUp = { changes: Change[]; next: number; head: number; reset?: true };

/** Live: one change, at `head`. A client that holds n applies n + 1; anything else means a gap, and it asks `sync:conversation`. */
export type ChangeEvent = { conversationId: string; head: number; change: Change };

/** Live: the reader's own stream moved to `head`. A gap is healed by `sync:start` with the cursor. */
export type MineEvent = { head: number } & (
  | { kind: 'mine'; conversationId: string; mine: Mine }
  | { kind: 'joined'; summary: Summary }
  | { kind: 'left'; conversationId: string }
);

/** Hints, never stored: losing one costs nothing. */
export type TypingEvent = { conversationId: string; userId: string; threadId: string | null; typing: boolean };
export type PresenceState = 'online' | 'away' | 'offline';
export type PresenceEvent = { userId: string; state: PresenceState };
export const TypingSet = z.strictObject({ conversationId: id, threadId: z.optional(id), typing: z.boolean() });
export const PresenceSet = z.strictObject({ state: z.enum(['online', 'away']) });
export const PresenceWatch = z.strictObject({ userIds: z.array(id).check(z.maxLength(limits.people)) });

/**
 * What the reader may do, or what this connection may hear, has changed. `session:me` says what they may do now; who
 * may read asks `sync:start` for what was missed, and opens and watches again what they look at.
 */
export type RightsEvent = Record<string, never>;

/** The last thing a closing connection hears: why, and whether coming back makes sense. */
export type ByeEvent = { code: 'session_ended' | 'suspended' | 'resync' | 'restarting'; message: string };
