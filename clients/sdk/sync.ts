import type { Answers } from '@parley/protocol/catalogue.ts';
import type { Me } from '@parley/protocol/people.ts';
import type { ChangeEvent, MineEvent, Started } from '@parley/protocol/sync.ts';
import { backoff } from './backoff.ts';
import type { Calls } from './connection.ts';
import { caughtUp, feedAt, hear, isBehind, type Feed } from './feed.ts';
import { asParleyError, type ParleyError } from './failure.ts';
import type { Following } from './following.ts';
import type { createPeople } from './people.ts';
import type { ConversationStore, Unsure } from './store.ts';

/** How long (ms) a missing event may still be on its way before the server is asked. */
const grace = 150;
/**
 * A gap shows itself with the next event; the very last event of a quiet stream, if it was lost, would show itself never. So the device
 * compares its cursors now and then (ms), and within twice this time whatever was lost is found.
 */
const standing = 4 * 60_000;

export type Sync = ReturnType<typeof createSync>;

/**
 * The device's own stream, and the first call of every connection. While that call is under way live events wait:
 * they may speak of conversations that only its answer makes known.
 */
export function createSync(
  calls: Calls,
  store: ConversationStore,
  following: Following,
  people: Pick<ReturnType<typeof createPeople>, 'take'>,
) {
  let feed: Feed<MineEvent> | null = null;
  let waiting: (() => void)[] | null = null;
  let gap: ReturnType<typeof setTimeout> | undefined;
  let check: ReturnType<typeof setTimeout> | undefined;
  const refreshing = new Map<string, ReturnType<typeof setTimeout>>();
  let era = 0;

  function mine(event: MineEvent): void {
    store.mine(event);
    if (event.kind === 'left') following.left(event.conversationId);
    if (event.kind === 'joined') following.told([event.summary]);
  }

  function take(started: Started, cursor: number | null): void {
    store.start(started, cursor === null);
    people.take([started.me, ...started.people]);
    if (feed) caughtUp(feed, cursor ?? 0, started.head, started.head).forEach(mine);
    else feed = feedAt(started.head);
    for (const id of started.left) following.left(id);
    following.told(started.changed);
  }

  async function ask(call: Calls['call']): Promise<void> {
    const cursor = feed?.cursor ?? null;
    const now = era;
    let started: Started;
    try {
      started = await call('sync:start', { cursor, heads: cursor === null ? {} : following.heads() });
    } catch (error) {
      const failure = asParleyError(error);
      if (failure.code !== 'forbidden') throw error;
      const me = await call('session:me', {});
      if (now === era) close(me, failure);
      return;
    }
    if (now !== era) return;
    if (cursor === null || started.head >= cursor) return take(started, cursor);
    // The server knows less than this device: it was restored from an older copy. Everything is asked for anew.
    feed = null;
    following.clear();
    await ask(call);
  }

  /**
   * The person may not read conversations: nothing of them stays on this device. A right given back begins with
   * everything anew.
   */
  function close(me: Me, why: ParleyError): void {
    feed = null;
    store.close(me);
    following.close(why);
    people.take([me]);
  }

  function healSoon(): void {
    if (gap !== undefined || !feed || !isBehind(feed)) return;
    gap = setTimeout(() => {
      gap = undefined;
      if (feed && isBehind(feed)) void again();
    }, grace);
  }

  async function again(): Promise<void> {
    if (!calls.isLive()) return;
    try {
      await ask(calls.call);
      healSoon();
    } catch {
      // The line is down, and its next greeting asks; or the server is busy, and the standing check does.
    }
  }

  function plan(): void {
    clearTimeout(check);
    check = setTimeout(() => void again().finally(plan), standing + backoff(0, { base: standing }));
    (check as { unref?: () => void }).unref?.();
  }

  async function refresh(id: string): Promise<void> {
    refreshing.delete(id);
    if (!calls.isLive() || !store.conversations.get(id)?.mine) return;
    try {
      const summary = await calls.call('conversation:open', { conversationId: id });
      const before = store.conversations.get(id);
      if (!before) return;
      store.take(summary);
      following.notice(id, summary.head);
      // Overtaken by the person's own stream: its counts were not taken, and what they were asked for is still not
      // known.
      if (summary.mine && before.mine && summary.mine.urev < before.mine.urev) unsure(id, 'marks');
      if (!store.knowsFollows(id)) await listFollows(id);
    } catch {
      // What could not be asked now is told by the next connection's first call.
    }
  }

  /**
   * Once for each conversation in which threads are answered: afterwards every answer is known to be followed or not.
   */
  async function listFollows(conversationId: string): Promise<void> {
    const threadIds: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: Answers['thread:follows'] = await calls.call('thread:follows', {
        conversationId,
        ...(after === '' ? {} : { after }),
      });
      threadIds.push(...page.threadIds);
      after = page.next;
    }
    store.follows(conversationId, threadIds);
  }

  function unsure(id: string, why: Unsure): void {
    if (refreshing.has(id)) return;
    // A count of members matters only on screen.
    if (why === 'members' && !following.isWatched(id)) return;
    // All members of a channel may have to ask because of the same change: those who most likely have nothing to learn
    // take their time.
    const wait = why === 'marks' ? 300 + backoff(0, { base: 700 }) : 500 + backoff(0, { base: 3_000 });
    refreshing.set(
      id,
      setTimeout(() => void refresh(id), wait),
    );
  }

  return {
    unsure,
    /** Begins holding live events back: called before a connection can bring any. */
    hold(): void {
      waiting = [];
    },
    async greet({ call }: Calls): Promise<void> {
      await ask(call);
      const held = waiting ?? [];
      waiting = null;
      for (const event of held) event();
      plan();
    },
    hearMine(event: MineEvent): void {
      if (waiting) return void waiting.push(() => this.hearMine(event));
      if (!feed) return;
      hear(feed, event.head, event).forEach(mine);
      healSoon();
    },
    /** What the person may do has changed: what is theirs is asked for again. */
    async hearRights(): Promise<void> {
      if (!waiting) await again();
      else waiting.push(() => void again());
    },
    hearChange(event: ChangeEvent): void {
      if (waiting) return void waiting.push(() => following.hear(event));
      following.hear(event);
    },
    clear(): void {
      era++;
      feed = null;
      waiting = null;
      clearTimeout(gap);
      gap = undefined;
      clearTimeout(check);
      for (const timer of refreshing.values()) clearTimeout(timer);
      refreshing.clear();
    },
    /** The line is down on purpose. */
    rest: (): void => clearTimeout(check),
  };
}
