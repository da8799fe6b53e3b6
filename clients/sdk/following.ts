import type { Summary } from '@parley/protocol/conversations.ts';
import { limits } from '@parley/protocol/limits.ts';
import type { Message } from '@parley/protocol/messages.ts';
import type { Change, ChangeEvent } from '@parley/protocol/sync.ts';
import { backoffFor, pause } from './backoff.ts';
import type { Calls } from './connection.ts';
import { asParleyError, type ParleyError } from './failure.ts';
import { caughtUp, feedAt, hear, isBehind, notice, takeBack, type Feed } from './feed.ts';
import type { ConversationStore } from './store.ts';

/** How long (ms) a missing event may still be on its way before the server is asked. */
const grace = 150;

/** An open window, as far as keeping it true goes. */
export type Watcher = {
  take(changes: readonly Change[]): void;
  /** Too much has happened to replay: what is shown has to be fetched anew. */
  reset(): void;
  /** The server says that this may not be read any more. */
  refused(why: ParleyError): void;
};

/** One conversation on this device. `healing` ends when the line drops or nobody needs it any more. */
type Followed = {
  feed: Feed<Change>;
  watchers: Set<Watcher>;
  timer: ReturnType<typeof setTimeout> | undefined;
  healing: boolean;
};

/**
 * Keeps every conversation's copy true: live events are applied in order, a gap is waited for a moment and then asked for, and after every
 * connection whatever is open catches up. What arrives goes to the store and to the open windows alike.
 */
export type Following = ReturnType<typeof createFollowing>;

export function createFollowing(calls: Calls, store: ConversationStore, said: (message: Message) => void) {
  const followed = new Map<string, Followed>();

  function follow(id: string): Followed | undefined {
    const known = followed.get(id);
    if (known) return known;
    const summary = store.conversations.get(id);
    return summary && begin(id, summary.head);
  }

  function begin(id: string, head: number): Followed {
    const one: Followed = { feed: feedAt(head), watchers: new Set(), timer: undefined, healing: false };
    followed.set(id, one);
    return one;
  }

  function give(id: string, one: Followed, changes: readonly Change[]): void {
    const fresh = store.apply(id, changes, one.feed.cursor);
    for (const watcher of [...one.watchers]) watcher.take(changes);
    for (const message of fresh) said(message);
  }

  function healSoon(id: string, one: Followed, wait = grace): void {
    if (one.healing || one.timer !== undefined || !isBehind(one.feed)) return;
    one.timer = setTimeout(() => {
      one.timer = undefined;
      void heal(id, one);
    }, wait);
  }

  /** Asks from the cursor on until nothing is left. */
  async function heal(id: string, one: Followed): Promise<void> {
    if (one.healing || !calls.isLive()) return;
    clearTimeout(one.timer);
    one.timer = undefined;
    one.healing = true;
    try {
      for (let failures = 0; isBehind(one.feed) && followed.get(id) === one && calls.isLive();) {
        try {
          await ask(id, one);
          failures = 0;
        } catch (error) {
          const failure = asParleyError(error);
          if (failure.fault === 'yours' && failure.code !== 'unauthenticated') return refuse(id, one, failure);
          await pause(backoffFor(failures++, failure.retryAfter));
        }
      }
    } finally {
      one.healing = false;
    }
  }

  async function ask(id: string, one: Followed): Promise<void> {
    const since = one.feed.cursor;
    const answer = await calls.call('sync:conversation', { conversationId: id, since, limit: limits.changes });
    if (followed.get(id) !== one) return;
    if (answer.reset) return reset(id, one, answer.head);
    // Taken back while the answer was on its way: what lies below it is asked for first.
    if (since > one.feed.cursor) return;
    const ready = caughtUp(one.feed, since, answer.next, answer.head);
    give(id, one, [...answer.changes, ...ready]);
    // A server that has nothing more to tell, and yet a higher head, would be asked for ever.
    if (answer.next <= since && one.feed.cursor <= since) one.feed.known = one.feed.cursor;
  }

  async function reset(id: string, one: Followed, head: number): Promise<void> {
    const summary = await calls.call('conversation:open', { conversationId: id });
    store.take(summary);
    store.doubtFollows(id);
    give(id, one, caughtUp(one.feed, one.feed.cursor, Math.max(head, summary.head), summary.head));
    for (const watcher of [...one.watchers]) watcher.reset();
  }

  function refuse(id: string, one: Followed, why: ParleyError): void {
    followed.delete(id);
    if (store.conversations.get(id)?.mine === null) store.forget(id);
    for (const watcher of [...one.watchers]) watcher.refused(why);
  }

  return {
    hear({ conversationId, head, change }: ChangeEvent): void {
      const one = follow(conversationId);
      if (!one) return;
      const changes = hear(one.feed, head, change);
      if (changes.length > 0) give(conversationId, one, changes);
      healSoon(conversationId, one);
    },
    /** An acknowledgement or a page proves that the conversation has reached `head`. */
    notice(id: string, head: number): void {
      const one = follow(id);
      if (!one) return;
      notice(one.feed, head);
      healSoon(id, one);
    },
    /** A window took in a page that is true as of `head`. */
    tookPage(id: string, head: number): void {
      const one = follow(id) ?? begin(id, head);
      const backwards = head < one.feed.cursor;
      takeBack(one.feed, head);
      if (backwards) void heal(id, one);
      else notice(one.feed, head);
      healSoon(id, one);
    },
    /** Looks at a conversation for a window. Rejects when it may not be read. */
    async watch(id: string, watcher: Watcher): Promise<void> {
      const one = follow(id);
      if (one) return void one.watchers.add(watcher);
      // Not one's own: the server is asked to let this connection hear it.
      const summary = await calls.call('conversation:open', { conversationId: id });
      store.take(summary);
      (follow(id) ?? begin(id, summary.head)).watchers.add(watcher);
    },
    unwatch(id: string, watcher: Watcher): void {
      const one = followed.get(id);
      if (!one?.watchers.delete(watcher) || one.watchers.size > 0) return;
      if (store.conversations.get(id)?.mine) return;
      followed.delete(id);
      store.forget(id);
      if (calls.isLive()) calls.call('conversation:close', { conversationId: id }).catch(() => undefined);
    },
    isWatched: (id: string): boolean => (followed.get(id)?.watchers.size ?? 0) > 0,
    /** What this device holds, for the connection's first call. */
    heads(): Record<string, number> {
      const heads: [string, number][] = [];
      for (const [id, summary] of store.conversations) {
        if (heads.length === limits.cursors) break;
        if (summary.mine) heads.push([id, followed.get(id)?.feed.cursor ?? summary.head]);
      }
      return Object.fromEntries(heads);
    },
    /** The server told of these as they are now: what nobody looks at is simply there, what is open catches up. */
    told(summaries: readonly Summary[]): void {
      for (const { conversation, head } of summaries) {
        const one = followed.get(conversation.id);
        if (!one) continue;
        if (one.watchers.size > 0) {
          notice(one.feed, head);
          void heal(conversation.id, one);
        } else give(conversation.id, one, caughtUp(one.feed, one.feed.cursor, head, head));
      }
    },
    /** Taken out of a conversation. Whoever has it open may still be allowed to look at it from outside. */
    left(id: string): void {
      const one = followed.get(id);
      if (one && one.watchers.size > 0) void lookAgain(id, one);
      else followed.delete(id);
    },
    /** A new connection: public channels looked at have to be opened again, and everything behind is asked for. */
    connected(): void {
      for (const [id, one] of followed) {
        if (one.watchers.size > 0 && !store.conversations.get(id)?.mine) void lookAgain(id, one);
        else void heal(id, one);
      }
    },
    /** Nothing may be read any more: open windows hear why, everything is let go of. */
    close(why: ParleyError): void {
      for (const [id, one] of [...followed]) {
        clearTimeout(one.timer);
        refuse(id, one, why);
      }
    },
    clear(): void {
      for (const { timer } of followed.values()) clearTimeout(timer);
      followed.clear();
    },
  };

  async function lookAgain(id: string, one: Followed): Promise<void> {
    try {
      const summary = await calls.call('conversation:open', { conversationId: id });
      if (followed.get(id) !== one) return;
      store.take(summary);
      notice(one.feed, summary.head);
      await heal(id, one);
    } catch (error) {
      const failure = asParleyError(error);
      if (failure.fault === 'yours' && followed.get(id) === one) refuse(id, one, failure);
    }
  }
}
