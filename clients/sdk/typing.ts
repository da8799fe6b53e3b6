import type { TypingEvent } from '@parley/protocol/sync.ts';
import type { Calls } from './connection.ts';
import type { Topics } from './topics.ts';

/** While somebody types, the others are told again after this time (ms). */
const repeat = 3_000;
/** Without a keystroke for this long (ms), or without a word for this long, somebody has stopped. */
const silence = 5_000;
const expiry = 7_000;

/** Who is typing where, and the telling of it. Hints: sent while the line is up, never waited for, forgotten by themselves. */
export function createTyping(calls: Calls, topics: Topics, isMe: (userId: string) => boolean) {
  const heard = new Map<
    string,
    { conversationId: string; threadId: string | null; userId: string; timer: ReturnType<typeof setTimeout> }
  >();
  const own = new Map<string, { toldAt: number; stop: ReturnType<typeof setTimeout> }>();

  const keyOf = (...parts: (string | null)[]) => parts.join(' ');

  function forget(key: string): void {
    const one = heard.get(key);
    if (!one) return;
    clearTimeout(one.timer);
    heard.delete(key);
    topics.tell({ topic: 'typing', conversationId: one.conversationId });
  }

  function say(conversationId: string, threadId: string | null, typing: boolean): void {
    if (calls.isLive())
      calls
        .call('typing:set', { conversationId, ...(threadId === null ? {} : { threadId }), typing })
        .catch(() => undefined);
  }

  function stopped(conversationId: string, threadId: string | null): void {
    const key = keyOf(conversationId, threadId);
    const one = own.get(key);
    if (!one) return;
    clearTimeout(one.stop);
    own.delete(key);
    say(conversationId, threadId, false);
  }

  return {
    in: (conversationId: string, threadId: string | null): readonly string[] =>
      [...heard.values()]
        .filter((one) => one.conversationId === conversationId && one.threadId === threadId)
        .map(({ userId }) => userId),
    hear({ conversationId, threadId, userId, typing }: TypingEvent): void {
      const key = keyOf(conversationId, threadId, userId);
      if (!typing || isMe(userId)) return forget(key);
      clearTimeout(heard.get(key)?.timer);
      const isNew = !heard.has(key);
      heard.set(key, { conversationId, threadId, userId, timer: setTimeout(() => forget(key), expiry) });
      if (isNew) topics.tell({ topic: 'typing', conversationId });
    },
    /** Whoever has just spoken is not typing any more. */
    spoke: (conversationId: string, threadId: string | null, userId: string): void =>
      forget(keyOf(conversationId, threadId, userId)),
    /** Own keystrokes. */
    tell(conversationId: string, threadId: string | null, typing: boolean): void {
      if (!typing) return stopped(conversationId, threadId);
      const key = keyOf(conversationId, threadId);
      const before = own.get(key);
      clearTimeout(before?.stop);
      const again = !before || Date.now() - before.toldAt >= repeat;
      own.set(key, {
        toldAt: again ? Date.now() : before.toldAt,
        stop: setTimeout(() => stopped(conversationId, threadId), silence),
      });
      if (again) say(conversationId, threadId, true);
    },
    clear(): void {
      for (const { timer } of heard.values()) clearTimeout(timer);
      for (const { stop } of own.values()) clearTimeout(stop);
      const places = new Set([...heard.values()].map(({ conversationId }) => conversationId));
      heard.clear();
      own.clear();
      for (const conversationId of places) topics.tell({ topic: 'typing', conversationId });
    },
  };
}
