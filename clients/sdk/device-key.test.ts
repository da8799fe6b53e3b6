import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeJwt } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { holdClock } from '../../server/kernel/clock.ts';
import { until } from '../../server/testing/client.ts';
import { deviceKeyIn, type KeyPair, type KeyPlace } from './device-key.ts';
import { keyFile } from './key-file.ts';
import { createSession } from './session.ts';
import { memoryStorage } from './storage.ts';
import { bodies, deviceOf, group, isLive, live, withWorld, world } from './testing/devices.ts';

/*
 * Devices with a key, against the whole server.
 */

withWorld();
let letGo = () => {};
afterEach(() => {
  letGo();
  vi.restoreAllMocks();
});

/** A place that lasts as long as the value does, as IndexedDB does for a browser. */
function memoryPlace(): KeyPlace & { kept: KeyPair | undefined } {
  return {
    kept: undefined,
    readable: false,
    async find() {
      return this.kept;
    },
    async keep(pair) {
      return (this.kept ??= pair);
    },
  };
}

const thumbprintOf = async (name: string) =>
  (
    await world.db.rows<{ thumbprint: string | null }>(
      `select d.key_thumbprint as thumbprint from devices d join users u on u.id = d.user_id where u.name = $1`,
      [name],
    )
  ).map(({ thumbprint }) => thumbprint);

/** A fetch that loses the answers `lose` names, counted from the first refresh. */
function lossy(lose: (refresh: number) => boolean): { fetch: typeof fetch; refreshes: number } {
  const line = {
    refreshes: 0,
    fetch: (async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (url.endsWith('/refresh') && lose(++line.refreshes)) throw new TypeError('the answer was lost');
      return answer;
    }) as typeof fetch,
  };
  return line;
}

test('a device with a key signs in, sends, renews, survives a reload and signs out', async () => {
  const [storage, key] = [memoryStorage(), deviceKeyIn(memoryPlace())];
  const ada = await live('Ada', { storage, key });
  expect(await thumbprintOf('Ada')).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  const room = await group(ada, 'Ben');
  ada.stop();
  const reloaded = deviceOf('Ada', { storage, key });
  expect(await reloaded.resume()).toBe(true);
  reloaded.start();
  await isLive(reloaded);
  const timeline = reloaded.timeline(room);
  await timeline.open();
  await reloaded.send({ conversationId: room, body: 'hello' });
  await until(() => bodies(timeline).includes('hello'), 'the message');
  await reloaded.signOut();
  expect(await deviceOf('Ada', { storage, key }).resume()).toBe(false);
});

test('a storage copied to another device gives no session there; the original goes on', async () => {
  const storage = memoryStorage();
  const cleo = await live('Cleo', { storage, key: deviceKeyIn(memoryPlace()) });
  for (const key of [undefined, deviceKeyIn(memoryPlace())]) {
    const copy = memoryStorage();
    for (const [name, value] of await storage.entries('')) await copy.set(name, value);
    expect(await deviceOf('Cleo', { storage: copy, ...(key ? { key } : {}) }).resume()).toBe(false);
  }
  expect(cleo.state).toBe('live');
  expect(cleo.problem).toBeNull();
});

test('reconnecting with an expired nonce: the device makes a new proof by itself', async () => {
  const dora = await live('Dora', { key: deviceKeyIn(memoryPlace()) });
  letGo = holdClock(() => Date.now() + 8 * 60_000);
  dora.stop();
  dora.start();
  await isLive(dora);
  // The access token lives ten minutes, a nonce up to fifteen: both are renewed.
  letGo();
  letGo = holdClock(() => Date.now() + 40 * 60_000);
  dora.stop();
  dora.start();
  await isLive(dora);
});

test.each([-1, 1])('a device whose clock is wrong by %i day signs in, renews and connects', async (days) => {
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + days * 86_400_000);
  letGo = holdClock(now);
  const key = deviceKeyIn(memoryPlace());
  const proof = await (await key())!.prove({ method: 'GET', url: 'https://x/' });
  // What the test is worth: the proofs carry the wrong time.
  expect(Math.abs(decodeJwt(proof).iat! * 1_000 - now())).toBeGreaterThan(86_000_000);
  const emil = await live(`Emil ${days}`, { key });
  expect(emil.state).toBe('live');
});

test('lost answers to renewals end no session, with a key or without', async () => {
  for (const key of [undefined, deviceKeyIn(memoryPlace())]) {
    const line = lossy((refresh) => refresh <= 3);
    const ended: unknown[] = [];
    const session = createSession(
      {
        origin: world.origin,
        storage: memoryStorage(),
        device: 'a laptop',
        keep: 'body',
        fetch: line.fetch,
        ...(key ? { key } : {}),
      },
      (why) => ended.push(why),
    );
    await session.signIn(await world.person('Fay'));
    for (let n = 0; n < 3; n++) await expect(session.renew()).rejects.toMatchObject({ code: 'unavailable' });
    // A night passes before the next attempt.
    letGo = holdClock(() => Date.now() + 10 * 3_600_000);
    const token = await session.renew();
    expect(await session.renew()).not.toBe(token);
    expect(ended).toEqual([]);
    letGo();
  }
});

test('two tabs that find no key make one', async () => {
  const place = memoryPlace();
  const [one, other] = await Promise.all([deviceKeyIn(place)(), deviceKeyIn(place)()]);
  const keyOf = async (key: typeof one) => {
    const [head] = (await key!.prove({ method: 'GET', url: 'https://x/' })).split('.');
    return (JSON.parse(Buffer.from(head!, 'base64url').toString()) as { jwk: unknown }).jwk;
  };
  expect(await keyOf(one)).toEqual(await keyOf(other));
});

test('where there is no cryptography there is no key, and the session works without', async () => {
  vi.stubGlobal('crypto', {});
  const key = deviceKeyIn(memoryPlace());
  expect(await key()).toBeNull();
  vi.unstubAllGlobals();
  await live('Gil', { key: async () => null });
  expect(await thumbprintOf('Gil')).toEqual([null]);
});

test('a place that cannot be read is asked again later', async () => {
  const place = memoryPlace();
  let broken = true;
  const key = deviceKeyIn({
    ...place,
    find: async () => {
      if (broken) throw new Error('no disk');
      return undefined;
    },
    keep: async (pair) => pair,
  });
  await expect(key()).rejects.toThrow('no disk');
  broken = false;
  expect(await key()).not.toBeNull();
});

test('a key file: whole, readable by its owner only, one for two concurrent processes', async () => {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'parley-key-')), 'key.json');
  const pair = async () =>
    (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])) as KeyPair;
  const [one, other] = [await pair(), await pair()];
  const first = await keyFile(file).keep(one);
  const second = await keyFile(file).keep(other);
  const publicOf = ({ publicKey }: KeyPair) => crypto.subtle.exportKey('jwk', publicKey);
  expect(await publicOf(second)).toEqual(await publicOf(first));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ kty: 'EC', crv: 'P-256', d: expect.any(String) });
  const bot = await live('Hal', { key: deviceKeyIn(keyFile(file)) });
  bot.stop();
  const again = await live('Hal', { key: deviceKeyIn(keyFile(file)) });
  expect(again.state).toBe('live');
  expect(new Set(await thumbprintOf('Hal')).size).toBe(1);
});
