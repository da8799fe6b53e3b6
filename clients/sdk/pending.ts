import type { Sent } from '@parley/protocol/messages.ts';
import { backoffFor, pause } from './backoff.ts';
import type { Pending } from './parley.ts';
import type { Calls } from './connection.ts';
import { asParleyError, notSignedIn, type ParleyError } from './failure.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { SteadyStorage } from './steady-storage.ts';
import type { TabNews, Tabs } from './tabs.ts';

/**
 * A message our server chokes on is set aside after so many answers `internal`: it must not hold back everything said
 * after it.
 */
const patience = 8;

type Draft = {
  conversationId: string;
  body: string;
  threadId?: string | null | undefined;
  title?: string | null | undefined;
};

/** A send as storage holds it, with the page that is to send it. */
type Stored = Omit<Pending, 'kept'> & { tab?: string };

export type PendingSends = ReturnType<typeof createPending>;

/**
 * What was written and is not acknowledged yet.
 * 1. A send is kept in storage before the first attempt, under the name (`clientId`) by which the server stores it once,
 *    however often it comes. Where storage refuses or does not answer, it is sent from memory, and kept as soon as
 *    storage works.
 * 2. Of one conversation one message is under way at a time, oldest first: they are stored in the order they were
 *    written.
 * 3. Silence, overload and outages are tried again for ever, with full jitter; a refusal that is the writer's business
 *    sets the message aside as `failed` with its reason, and the next one goes on.
 * 4. It is removed from storage only when the server has acknowledged it, or the writer discards it.
 * 5. Of several pages that share the storage each sends what was written in it, and takes up what a closed one left.
 */
export function createPending(
  calls: Calls,
  storage: SteadyStorage,
  hooks: { acknowledged(send: Pending, sent: Sent): void; changed(conversationId: string): void },
  tabs: Tabs | null = null,
) {
  let userId: string | null = null;
  let sends: readonly Pending[] = [];
  /** Conversations with a send under way, and how to cut short the wait before the next attempt. */
  const running = new Map<string, AbortController>();
  /** Names of those that storage holds, or that go on without it. */
  const settled = new Set<string>();
  /** What earlier pages left could not be read yet. */
  let unread = false;
  /** What left while storage was being read: what was read then may still show it. One set a reading. */
  const leaving = new Set<Set<string>>();
  /** Pages whose closing is waited for. */
  const watched = new Set<string>();
  let lastTime = 0;
  let era = 0;

  const keyOf = (owner: string, clientId: string) => `pending/${owner}/${clientId}`;

  function replace(clientId: string, how: (send: Pending) => Pending): Pending | undefined {
    let after: Pending | undefined;
    sends = sends.map((one) => (one.clientId === clientId ? (after = how(one)) : one));
    if (after) hooks.changed(after.conversationId);
    return after;
  }

  function drop(send: Pending): void {
    settled.delete(send.clientId);
    for (const left of leaving) left.add(send.clientId);
    sends = sends.filter((one) => one.clientId !== send.clientId);
    hooks.changed(send.conversationId);
  }

  /** Sorted by time of writing, also when this device's clock was set back meanwhile. */
  function newClientId(): string {
    lastTime = Math.max(Date.now(), lastTime + 1);
    const random = crypto.getRandomValues(new Uint8Array(12));
    return `${lastTime.toString(36).padStart(9, '0')}-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  }

  async function run(conversationId: string): Promise<void> {
    if (running.has(conversationId)) return;
    const mine = era;
    let failures = 0;
    let ours = 0;
    for (;;) {
      const next = sends.find((one) => one.conversationId === conversationId && one.state === 'waiting');
      // Storage has not answered yet: nothing may overtake this one, and the answer starts this again.
      if (!next || !settled.has(next.clientId)) break;
      const waiting = new AbortController();
      running.set(conversationId, waiting);
      try {
        if (!calls.isLive()) break;
        const sent = await calls.call('message:send', {
          conversationId,
          clientId: next.clientId,
          body: next.body,
          ...(next.threadId === null ? {} : { threadId: next.threadId }),
          ...(next.title === null ? {} : { title: next.title }),
        });
        if (mine !== era) return;
        failures = ours = 0;
        hooks.acknowledged(next, sent);
        drop(next);
        // Should this fail, the message is sent once more after a reload, and answered with what is stored already.
        void leave(next);
      } catch (thrown) {
        if (mine !== era) return;
        const failure = asParleyError(thrown);
        if (failure.fault === 'ours') ours++;
        if (isFinal(failure) || ours >= patience) {
          failures = ours = 0;
          await setAside(next, failure);
        } else await pause(backoffFor(failures++, failure.retryAfter), waiting.signal);
      }
      if (mine !== era) return;
    }
    if (mine === era) running.delete(conversationId);
  }

  async function setAside(send: Pending, { code, message, requestId }: ParleyError): Promise<void> {
    const failed = replace(send.clientId, (one) => ({
      ...one,
      state: 'failed',
      error: { code, message, ...(requestId === undefined ? {} : { requestId }) },
    }));
    if (failed) await keep(failed);
  }

  async function keep(send: Pending): Promise<void> {
    if (userId === null) return;
    const { kept: _, ...stored } = send;
    await storage.set(keyOf(userId, send.clientId), { ...stored, ...(tabs ? { tab: tabs.id } : {}) } satisfies Stored);
    noteKept(send.clientId);
  }

  /** It waits no more, here and in other pages. */
  async function leave({ clientId }: Pending): Promise<void> {
    if (userId === null) return;
    tabs?.tell({ kind: 'gone', owner: userId, clientId });
    await storage.delete(keyOf(userId, clientId));
  }

  function noteKept(clientId: string): void {
    const send = sends.find((one) => one.clientId === clientId);
    if (!send || userId === null) return;
    const isKept = storage.isKept(keyOf(userId, clientId));
    if (send.kept !== isKept) replace(clientId, (one) => ({ ...one, kept: isKept }));
  }

  /** Takes up what is in storage and no open page is sending; `closed` is known to have closed. */
  async function takeUp(owner: string, closed?: string): Promise<void> {
    const mine = era;
    const left = new Set<string>();
    leaving.add(left);
    const [found, open] = await Promise.all([readAll(owner), tabs?.open() ?? null]);
    leaving.delete(left);
    if (mine !== era) return;
    // Also those that left nothing yet: they may write from now on, and close.
    for (const tab of open ?? []) if (tab !== closed) watch(tab);
    // Some may have been written while the storage was being read.
    const there = new Set(sends.map(({ clientId }) => clientId));
    const taken: Pending[] = [];
    for (const { tab, ...send } of found) {
      if (there.has(send.clientId) || left.has(send.clientId)) continue;
      const isOthers = tab !== undefined && tab !== closed && tab !== tabs?.id && open?.has(tab);
      if (!isOthers) taken.push({ ...send, kept: storage.isKept(keyOf(owner, send.clientId)) });
    }
    if (taken.length === 0) return;
    const newest = taken.map(({ clientId }) => Number.parseInt(clientId, 36) || 0);
    lastTime = Math.max(lastTime, ...newest);
    sends = [...taken, ...sends].sort(byName);
    for (const { clientId } of taken) settled.add(clientId);
    for (const conversationId of new Set(taken.map((one) => one.conversationId))) {
      hooks.changed(conversationId);
      void run(conversationId);
    }
    // From now on they are this page's: another one that looks leaves them to it.
    if (tabs) await Promise.all(taken.map(keep));
  }

  async function readAll(owner: string): Promise<Stored[]> {
    const prefix = keyOf(owner, '');
    const entries = await storage.entries(prefix).then(
      (all) => ((unread = false), all),
      () => ((unread = true), storage.held(prefix)),
    );
    return entries.map(([, value]) => value as Stored);
  }

  /** When that page closes, what it has not sent is sent from here. */
  function watch(tab: string): void {
    if (!tabs || tab === tabs.id || watched.has(tab)) return;
    watched.add(tab);
    tabs.whenClosed(tab, async () => {
      watched.delete(tab);
      if (userId !== null) await takeUp(userId, tab);
    });
  }

  function forget(): void {
    era++;
    sends = [];
    settled.clear();
    for (const waiting of running.values()) waiting.abort();
    running.clear();
  }

  storage.onLost(() => void Promise.all(sends.map(keep)));

  return {
    of: (conversationId?: string): readonly Pending[] =>
      conversationId === undefined ? sends : sends.filter((one) => one.conversationId === conversationId),
    /** Takes up what this person had not sent when the page closed. */
    async load(owner: string): Promise<void> {
      if (userId === owner) return;
      forget();
      userId = owner;
      // One page after the other: two that start at once must not both take up the same.
      await (tabs ? oneAtATime('parley-sends', () => takeUp(owner)) : takeUp(owner));
    },
    /** Taken at once and shown; resolves when storage has it, or when it goes on without. */
    async send({ conversationId, body, threadId = null, title = null }: Draft): Promise<Pending> {
      if (userId === null) throw notSignedIn();
      const mine = era;
      const send: Pending = {
        clientId: newClientId(),
        conversationId,
        threadId,
        title,
        body,
        at: Date.now(),
        state: 'waiting',
        error: null,
        kept: false,
      };
      sends = [...sends, send];
      hooks.changed(conversationId);
      await keep(send);
      if (mine !== era) return send;
      settled.add(send.clientId);
      void run(conversationId);
      return sends.find(({ clientId }) => clientId === send.clientId) ?? send;
    },
    /** Storage has moved: some may be kept now, and what could not be read may be readable. */
    storageChanged(): void {
      for (const { clientId } of sends) noteKept(clientId);
      if (!unread || userId === null || storage.state !== 'ready') return;
      unread = false;
      void takeUp(userId);
    },
    /** Another page opened, or has sent or discarded one. */
    hear(news: TabNews): void {
      if (news.kind === 'opened') watch(news.tab);
      if (news.kind !== 'gone' || news.owner !== userId) return;
      const send = sends.find(({ clientId }) => clientId === news.clientId);
      if (send) drop(send);
    },
    /** The line is live: everything waiting leaves now. */
    go(): void {
      for (const waiting of running.values()) waiting.abort();
      for (const conversationId of new Set(sends.map((one) => one.conversationId))) void run(conversationId);
    },
    async retry(clientId: string): Promise<void> {
      const send = replace(clientId, (one) => ({ ...one, state: 'waiting', error: null }));
      if (!send || userId === null) return;
      await keep(send);
      void run(send.conversationId);
    },
    async discard(clientId: string): Promise<void> {
      const send = sends.find((one) => one.clientId === clientId);
      if (!send || userId === null) return;
      drop(send);
      await leave(send);
    },
    /** Forgets everything here; what is in storage stays for the next time this person signs in, unless `erase`. */
    async clear({ erase }: { erase: boolean }): Promise<void> {
      const owner = userId;
      const names = sends.map(({ clientId }) => clientId);
      forget();
      userId = null;
      if (!erase || owner === null) return;
      const keys = await storage.entries(keyOf(owner, '')).then(
        (all) => all.map(([key]) => key),
        () => [],
      );
      await Promise.all([...new Set([...keys, ...names.map((name) => keyOf(owner, name))])].map(storage.delete));
    },
  };
}

/** By the time in their names. */
const byName = (a: Pending, b: Pending): number => (a.clientId < b.clientId ? -1 : 1);

/** Refusals that concern the message itself. One that concerns the session only keeps it waiting for the next session. */
const isFinal = ({ fault, code }: ParleyError): boolean =>
  fault === 'yours' && code !== 'unauthenticated' && code !== 'session_ended' && code !== 'suspended';
