import type { Mine } from '@parley/protocol/conversations.ts';
import { backoffFor } from './backoff.ts';
import type { Calls } from './connection.ts';
import { asParleyError } from './failure.ts';

/** Reading on moves a mark many times a second; the server hears of the last one after this quiet (ms), and at least this often. */
const quiet = 400;
const atLeast = 2_000;

type Mark = { conversationId: string; threadId: string | null; position: number };

/**
 * Own read marks on their way to the server: of each conversation (and thread) the furthest one, sent soon, tried again until answered.
 * Marks lost with the page cost a few unread messages, never more.
 */
export function createReadMarks(
  calls: Calls,
  /**
   * `mine`: what the server counts after a mark on the main line. null: a thread's mark, or a mark that was refused.
   */
  answered: (mark: Mark, mine: Mine | null) => void,
) {
  const waiting = new Map<
    string,
    {
      mark: Mark;
      since: number;
      timer: ReturnType<typeof setTimeout> | undefined;
      failures: number;
      underWay: Promise<void> | null;
    }
  >();

  const keyOf = (mark: Mark) => `${mark.conversationId} ${mark.threadId}`;

  function tell(key: string): void {
    const one = waiting.get(key);
    if (!one || one.underWay) return;
    clearTimeout(one.timer);
    one.timer = undefined;
    // The next connection sends what waits.
    if (!calls.isLive()) return;
    one.underWay = ask(key, one.mark).finally(() => {
      one.underWay = null;
      if (waiting.get(key) === one && one.timer === undefined) one.timer = setTimeout(() => tell(key), quiet);
    });
  }

  async function ask(key: string, mark: Mark): Promise<void> {
    const one = waiting.get(key)!;
    const settle = (mine: Mine | null) => {
      if (one.mark === mark) waiting.delete(key);
      answered(mark, mine);
    };
    try {
      const mine = await send(mark);
      one.failures = 0;
      if (waiting.get(key) === one) settle(mine);
    } catch (error) {
      const failure = asParleyError(error);
      if (waiting.get(key) !== one) return;
      if (failure.fault === 'yours' && failure.code !== 'unauthenticated') settle(null);
      else one.timer = setTimeout(() => tell(key), backoffFor(one.failures++, failure.retryAfter));
    }
  }

  async function send({ conversationId, threadId, position }: Mark) {
    if (threadId === null) return calls.call('read:mark', { conversationId, line: position });
    await calls.call('thread:mark', { conversationId, threadId, answers: position });
    return null;
  }

  return {
    move(mark: Mark): void {
      const key = keyOf(mark);
      const one = waiting.get(key) ?? { mark, since: Date.now(), timer: undefined, failures: 0, underWay: null };
      if (waiting.has(key) && one.mark.position >= mark.position) return;
      one.mark = mark;
      waiting.set(key, one);
      if (one.underWay) return;
      clearTimeout(one.timer);
      one.timer = setTimeout(() => tell(key), Math.max(0, Math.min(quiet, one.since + atLeast - Date.now())));
    },
    /** The line is live. */
    go(): void {
      for (const key of waiting.keys()) tell(key);
    },
    /**
     * Tells what waits of a conversation's main line now. What the server cannot be told at this moment is given up.
     */
    async flush(conversationId: string): Promise<void> {
      const key = keyOf({ conversationId, threadId: null, position: 0 });
      // A mark made while another one is under way waits behind it.
      for (let turn = 0; turn < 2 && waiting.has(key); turn++) {
        tell(key);
        await waiting.get(key)?.underWay;
      }
      const left = waiting.get(key);
      if (!left) return;
      clearTimeout(left.timer);
      waiting.delete(key);
      answered(left.mark, null);
    },
    clear(): void {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
