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
  answered: (mark: Mark, answer: { readLine: number; mentions: number } | null) => void,
) {
  const waiting = new Map<
    string,
    { mark: Mark; since: number; timer: ReturnType<typeof setTimeout> | undefined; failures: number; underWay: boolean }
  >();

  const keyOf = (mark: Mark) => `${mark.conversationId} ${mark.threadId}`;

  async function tell(key: string): Promise<void> {
    const one = waiting.get(key);
    if (!one || one.underWay) return;
    clearTimeout(one.timer);
    one.timer = undefined;
    // The next connection sends what waits.
    if (!calls.isLive()) return;
    one.underWay = true;
    const { mark } = one;
    try {
      const answer = await send(mark);
      one.failures = 0;
      if (waiting.get(key) !== one) return;
      if (one.mark === mark) {
        waiting.delete(key);
        answered(mark, answer);
      }
    } catch (error) {
      const failure = asParleyError(error);
      if (waiting.get(key) !== one) return;
      if (failure.fault === 'yours' && failure.code !== 'unauthenticated') waiting.delete(key);
      else one.timer = setTimeout(() => void tell(key), backoffFor(one.failures++, failure.retryAfter));
    } finally {
      one.underWay = false;
    }
    if (waiting.get(key) === one && one.timer === undefined) one.timer = setTimeout(() => void tell(key), quiet);
  }

  async function send({ conversationId, threadId, position }: Mark) {
    if (threadId === null) return calls.call('read:mark', { conversationId, line: position });
    await calls.call('thread:mark', { conversationId, threadId, answers: position });
    return null;
  }

  return {
    move(mark: Mark): void {
      const key = keyOf(mark);
      const one = waiting.get(key) ?? { mark, since: Date.now(), timer: undefined, failures: 0, underWay: false };
      if (waiting.has(key) && one.mark.position >= mark.position) return;
      one.mark = mark;
      waiting.set(key, one);
      if (one.underWay) return;
      clearTimeout(one.timer);
      one.timer = setTimeout(() => void tell(key), Math.max(0, Math.min(quiet, one.since + atLeast - Date.now())));
    },
    /** The line is live. */
    go(): void {
      for (const key of waiting.keys()) void tell(key);
    },
    clear(): void {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
