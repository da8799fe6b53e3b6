import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { faults, type ErrorCode } from '@parley/protocol/errors.ts';
import type { MessageSend } from '@parley/protocol/messages.ts';
import type { Calls } from './connection.ts';
import { noAnswer, ParleyError } from './failure.ts';
import { createPending, type PendingSends } from './pending.ts';
import { createSteadyStorage } from './steady-storage.ts';
import { memoryStorage, type Storage } from './storage.ts';

const refusal = (code: ErrorCode) => new ParleyError({ code, fault: faults[code], message: code });

/** What becomes of one call: answered; stored and the answer lost; lost on the way; refused. */
type Fate = 'ok' | 'answer lost' | 'call lost' | 'overloaded' | 'internal';

/** A server that stores each name once, behind a line that does whatever `fates` says next and then behaves. */
class Server {
  readonly stored: { conversationId: string; clientId: string; body: string }[] = [];
  fates: Fate[] = [];
  live = true;
  refuses = new Map<string, ErrorCode>();
  calls = 0;

  readonly line: Calls = {
    isLive: () => this.live,
    call: (async (_name: string, input: MessageSend) => {
      this.calls++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      const fate = this.fates.shift() ?? 'ok';
      const code = this.refuses.get(input.body);
      if (code) throw refusal(code);
      if (!this.live || fate === 'call lost') throw noAnswer();
      if (fate === 'overloaded' || fate === 'internal') throw refusal(fate);
      let place = this.stored.findIndex(({ clientId }) => clientId === input.clientId);
      if (place < 0) place = this.stored.push(input) - 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (fate === 'answer lost') throw noAnswer();
      return { id: `m${place}`, seq: place + 1, line: place + 1, rev: place + 1, at: 0 };
    }) as Calls['call'],
  };
}

const acknowledged: string[] = [];
async function device(server: Server, storage: Storage, owner = 'ada'): Promise<PendingSends> {
  const pending = createPending(
    server.line,
    createSteadyStorage(storage, () => undefined),
    {
      acknowledged: ({ body }) => void acknowledged.push(body),
      changed: () => undefined,
    },
  );
  await pending.load(owner);
  return pending;
}

/** Lets time pass until nothing waits. */
async function settle(pending: PendingSends): Promise<void> {
  for (let minutes = 0; pending.of().some(({ state }) => state === 'waiting'); minutes++) {
    if (minutes > 1_000) throw new Error('something waits for ever');
    await vi.advanceTimersByTimeAsync(60_000);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  acknowledged.length = 0;
});
afterEach(() => void vi.useRealTimers());

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), in: fc.constantFrom('general', 'random') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('line down' as const, 'line up' as const, 'reload' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4_000 }) }) },
);

describe('what was written', () => {
  test('is stored once, in the order of writing, whatever calls, answers, lines and pages are lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.array(fc.constantFrom<Fate>('ok', 'answer lost', 'call lost', 'overloaded', 'internal'), {
          maxLength: 30,
          size: 'max',
        }),
        async (steps, fates) => {
          const [server, storage] = [new Server(), memoryStorage()];
          server.fates = [...fates];
          let pending = await device(server, storage);
          const written: Record<string, string[]> = { general: [], random: [] };
          for (const [number, one] of steps.entries()) {
            if (one.do === 'write') {
              written[one.in]!.push(`message ${number}`);
              await pending.send({ conversationId: one.in, body: `message ${number}` });
            }
            if (one.do === 'line down') server.live = false;
            if (one.do === 'line up') {
              server.live = true;
              pending.go();
            }
            if (one.do === 'reload') {
              // The page is gone without a word: only what is in storage is left.
              await pending.clear({ erase: false });
              pending = await device(server, storage);
            }
            if (one.do === 'wait') await vi.advanceTimersByTimeAsync(one.ms);
          }
          server.live = true;
          pending.go();
          await settle(pending);
          await vi.advanceTimersByTimeAsync(1_000);
          for (const [conversationId, bodies] of Object.entries(written)) {
            const failed = new Set(pending.of(conversationId).map(({ body }) => body));
            expect(
              server.stored
                .filter((one) => one.conversationId === conversationId)
                .map(({ body }) => body)
                .filter((body) => !failed.has(body)),
            ).toEqual(bodies.filter((body) => !failed.has(body)));
          }
          expect(await storage.entries('pending/')).toHaveLength(pending.of().length);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('survives a reload before anything was sent', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.live = false;
    const before = await device(server, storage);
    const { clientId } = await before.send({ conversationId: 'general', body: 'kept', threadId: 'root', title: null });
    const after = await device(server, storage);
    expect(after.of()).toMatchObject([{ clientId, body: 'kept', threadId: 'root', state: 'waiting' }]);
    server.live = true;
    after.go();
    await settle(after);
    expect(server.stored).toMatchObject([{ clientId, body: 'kept', threadId: 'root' }]);
  });

  test('waits up to 3 s for the storage, and nothing overtakes it', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    let keep: (() => void) | undefined;
    const slow: Storage = {
      ...storage,
      set: (key, value) =>
        JSON.stringify(value).includes('first')
          ? new Promise((resolve) => (keep = () => resolve(storage.set(key, value))))
          : storage.set(key, value),
    };
    const pending = await device(server, slow);
    const first = pending.send({ conversationId: 'general', body: 'first' });
    await pending.send({ conversationId: 'general', body: 'second' });
    await vi.advanceTimersByTimeAsync(2_500);
    expect(server.calls).toBe(0);
    keep!();
    await first;
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['first', 'second']);
  });

  test('and is refused for the writer’s fault is set aside with its reason, survives a reload, and can be tried again or discarded', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.refuses.set('too much', 'too_large');
    let pending = await device(server, storage);
    const failing = await pending.send({ conversationId: 'general', body: 'too much' });
    await pending.send({ conversationId: 'general', body: 'next' });
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['next']);
    pending = await device(server, storage);
    expect(pending.of()).toMatchObject([{ clientId: failing.clientId, state: 'failed', error: { code: 'too_large' } }]);
    server.refuses.clear();
    await pending.retry(failing.clientId);
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['next', 'too much']);

    server.refuses.set('never mind', 'forbidden');
    const unwanted = await pending.send({ conversationId: 'general', body: 'never mind' });
    await settle(pending);
    await pending.discard(unwanted.clientId);
    expect(pending.of()).toEqual([]);
    expect(await storage.entries('')).toEqual([]);
  });

  test('and makes the server stumble does not hold back what follows for ever', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.refuses.set('poison', 'internal');
    const pending = await device(server, storage);
    await pending.send({ conversationId: 'general', body: 'poison' });
    await pending.send({ conversationId: 'general', body: 'next' });
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['next']);
    expect(pending.of()).toMatchObject([{ body: 'poison', state: 'failed', error: { code: 'internal' } }]);
  });

  test('by one person is not sent in the name of the next', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.live = false;
    const pending = await device(server, storage, 'ada');
    await pending.send({ conversationId: 'general', body: 'ada’s' });
    await pending.clear({ erase: false });
    server.live = true;
    await pending.load('ben');
    pending.go();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.stored).toEqual([]);
    await pending.clear({ erase: false });
    await pending.load('ada');
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['ada’s']);
  });

  test('is erased by signing out', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.live = false;
    const pending = await device(server, storage);
    await pending.send({ conversationId: 'general', body: 'secret' });
    await pending.clear({ erase: true });
    expect(await storage.entries('')).toEqual([]);
  });

  test('keeps its order when the clock is set back', async () => {
    const [server, storage] = [new Server(), memoryStorage()];
    server.live = false;
    vi.setSystemTime(new Date('2026-11-23T12:00:00Z'));
    await (await device(server, storage)).send({ conversationId: 'general', body: 'first' });
    vi.setSystemTime(new Date('2026-11-23T10:50:00Z'));
    const pending = await device(server, storage);
    await pending.send({ conversationId: 'general', body: 'second' });
    server.live = true;
    pending.go();
    await settle(pending);
    expect(server.stored.map(({ body }) => body)).toEqual(['first', 'second']);
  });
});
