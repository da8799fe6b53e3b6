import type { Sent } from '@parley/protocol/messages.ts';
import { backoffFor, pause } from './backoff.ts';
import type { Pending } from './parley.ts';
import type { Calls } from './connection.ts';
import { asParleyError, type ParleyError } from './failure.ts';
import type { Storage } from './storage.ts';

/** A message our server chokes on is set aside after so many answers `internal`: it must not hold back everything said after it. */
const patience = 8;

type Draft = {
  conversationId: string;
  body: string;
  threadId?: string | null | undefined;
  title?: string | null | undefined;
};

export type PendingSends = ReturnType<typeof createPending>;

/**
 * What was written and is not acknowledged yet.
 * 1. A send is kept in storage before the first attempt, under the name (`clientId`) by which the server stores it once, however often it comes.
 * 2. Of one conversation one message is under way at a time, oldest first: they are stored in the order they were written.
 * 3. Silence, overload and outages are tried again for ever, with full jitter; a refusal that is the writer's business sets the message aside
 *    as `failed` with its reason, and the next one goes on.
 * 4. It is removed from storage only when the server has acknowledged it, or the writer discards it.
 */
export function createPending(
  calls: Calls,
  storage: Storage,
  hooks: { acknowledged(send: Pending, sent: Sent): void; changed(conversationId: string): void },
) {
  let userId: string | null = null;
  let sends: readonly Pending[] = [];
  /** Conversations with a send under way, and how to cut short the wait before the next attempt. */
  const running = new Map<string, AbortController>();
  /** Names of those that storage has confirmed. */
  const kept = new Set<string>();
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
      // Not kept yet: nothing may overtake it, and its keeping starts this again.
      if (!next || !kept.has(next.clientId)) break;
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
        await storage.delete(keyOf(userId!, next.clientId)).catch(() => undefined);
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
    if (failed && userId) await storage.set(keyOf(userId, failed.clientId), failed).catch(() => undefined);
  }

  return {
    of: (conversationId?: string): readonly Pending[] =>
      conversationId === undefined ? sends : sends.filter((one) => one.conversationId === conversationId),
    /** Takes up what this person had not sent when the page closed. */
    async load(owner: string): Promise<void> {
      if (userId === owner) return;
      const mine = ++era;
      userId = owner;
      sends = [];
      kept.clear();
      running.clear();
      const found = (await storage.entries(keyOf(owner, ''))).map(([, value]) => value as Pending).sort(byName);
      if (mine !== era) return;
      const newest = found.at(-1)?.clientId.split('-')[0];
      if (newest !== undefined) lastTime = Math.max(lastTime, Number.parseInt(newest, 36) || 0);
      // Some may have been written while the storage was being read.
      const there = new Set(sends.map(({ clientId }) => clientId));
      sends = [...found.filter(({ clientId }) => !there.has(clientId)), ...sends].sort(byName);
      for (const { clientId } of found) kept.add(clientId);
      for (const conversationId of new Set(found.map((one) => one.conversationId))) hooks.changed(conversationId);
      this.go();
    },
    async send({ conversationId, body, threadId = null, title = null }: Draft): Promise<Pending> {
      if (userId === null) throw new Error('nobody is signed in');
      const [owner, mine] = [userId, era];
      const send: Pending = {
        clientId: newClientId(),
        conversationId,
        threadId,
        title,
        body,
        at: Date.now(),
        state: 'waiting',
        error: null,
      };
      sends = [...sends, send];
      hooks.changed(conversationId);
      try {
        await storage.set(keyOf(owner, send.clientId), send);
      } catch (error) {
        if (mine === era) {
          drop(send);
          void run(conversationId);
        }
        throw error;
      }
      if (mine !== era) return send;
      kept.add(send.clientId);
      void run(conversationId);
      return send;
    },
    /** The line is live: everything waiting leaves now. */
    go(): void {
      for (const waiting of running.values()) waiting.abort();
      for (const conversationId of new Set(sends.map((one) => one.conversationId))) void run(conversationId);
    },
    async retry(clientId: string): Promise<void> {
      const send = replace(clientId, (one) => ({ ...one, state: 'waiting', error: null }));
      if (!send || !userId) return;
      await storage.set(keyOf(userId, clientId), send);
      void run(send.conversationId);
    },
    async discard(clientId: string): Promise<void> {
      const send = sends.find((one) => one.clientId === clientId);
      if (!send || !userId) return;
      drop(send);
      await storage.delete(keyOf(userId, clientId));
    },
    /** Forgets everything here; what is in storage stays for the next time this person signs in, unless `erase`. */
    async clear({ erase }: { erase: boolean }): Promise<void> {
      const owner = userId;
      era++;
      userId = null;
      sends = [];
      kept.clear();
      for (const waiting of running.values()) waiting.abort();
      running.clear();
      if (erase && owner !== null)
        for (const [key] of await storage.entries(keyOf(owner, ''))) await storage.delete(key);
    },
  };
}

/** By the time in their names. */
const byName = (a: Pending, b: Pending): number => (a.clientId < b.clientId ? -1 : 1);

/** Refusals that concern the message itself. One that concerns the session only keeps it waiting for the next session. */
const isFinal = ({ fault, code }: ParleyError): boolean =>
  fault === 'yours' && code !== 'unauthenticated' && code !== 'session_ended' && code !== 'suspended';
