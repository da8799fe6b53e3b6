import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { faults, type ErrorCode } from '@parley/protocol/errors.ts';
import type { ParleyError } from './failure.ts';
import { createSession, type DeviceSession } from './session.ts';
import { memoryStorage, type Storage } from './storage.ts';

type Answer = { status: number; body: unknown } | 'no line';

/** The session endpoints as a device meets them: whatever `answers` says next, then a fresh session. */
class Server {
  readonly asked: { method: string; path: string; body: unknown; authorization: string | undefined }[] = [];
  answers: Answer[] = [];
  userId = 'ada';
  tokens = 0;

  readonly fetch = (async (url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    this.asked.push({
      method: init.method!,
      path: url.replace('https://chat', ''),
      body: init.body === undefined ? undefined : JSON.parse(init.body as string),
      authorization: headers['authorization'],
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answer = this.answers.shift();
    if (answer === 'no line') throw new TypeError('fetch failed');
    if (answer) return new Response(JSON.stringify(answer.body), { status: answer.status });
    const token = ++this.tokens;
    return Response.json({
      accessToken: `access ${token}`,
      refreshToken: `refresh ${token}`,
      expiresIn: 600,
      deviceId: 'd',
      userId: this.userId,
    });
  }) as unknown as typeof fetch;

  refreshes = () => this.asked.filter(({ path }) => path === '/api/session/refresh');
}

const refused = (code: ErrorCode, status = 401): Answer => ({
  status,
  body: { error: { code, fault: faults[code], message: code } },
});

let server: Server;
let storage: Storage;
let ended: ParleyError[];
const open = (keep: 'cookie' | 'body'): DeviceSession =>
  createSession({ origin: 'https://chat', storage, device: 'a device', keep, fetch: server.fetch }, (why) =>
    ended.push(why),
  );
const after = async <T>(act: Promise<T>): Promise<T> => {
  // Looked at before time passes: a refusal nobody waits for yet would count as unhandled.
  const seen = act.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.advanceTimersByTimeAsync(1_000);
  const outcome = await seen;
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
};
/** Lets time pass until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; !condition(); n++) {
    if (n > 10_000) throw new Error('waited in vain');
    await vi.advanceTimersByTimeAsync(100);
  }
}
const ada = { email: 'ada@example.com', password: 'a long password' };

beforeEach(() => {
  vi.useFakeTimers();
  [server, storage, ended] = [new Server(), memoryStorage(), []];
});
afterEach(() => void vi.useRealTimers());

describe('a session', () => {
  test('renews its token before it ends, and once for everybody who asks', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    expect(await session.token()).toBe('access 1');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.refreshes().length).toBe(1);
    vi.setSystemTime(Date.now() + 3_600_000);
    const tokens = await after(Promise.all([session.token(), session.token(), session.renew()]));
    expect(new Set(tokens).size).toBe(1);
    expect(server.refreshes()).toHaveLength(2);
  });

  test('keeps the successor before it is used, and shows the one it kept', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    await after(session.renew());
    expect(await storage.get('session/refresh')).toBe('refresh 2');
    await after(session.renew());
    expect(server.refreshes().map(({ body }) => body)).toEqual([
      { refreshToken: 'refresh 1' },
      { refreshToken: 'refresh 2' },
    ]);
  });

  test('outlives a line that is down, and shows the same token again', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    server.answers = ['no line', { status: 503, body: '' }];
    await expect(after(session.renew())).rejects.toMatchObject({ code: 'unavailable', fault: 'nobodys' });
    await expect(after(session.renew())).rejects.toMatchObject({ code: 'unavailable' });
    expect(await after(session.renew())).toBe('access 2');
    expect(new Set(server.refreshes().map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(ended).toEqual([]);
  });

  test('a renewal that fails is tried again within seconds, until it is answered', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    server.answers = ['no line', refused('limited', 429), refused('internal', 500), { status: 502, body: '<html>' }];
    // From the earliest moment of the first attempt: four failures cost at most 1 + 2 + 4 + 8 s, long before the token
    // ends.
    await vi.advanceTimersByTimeAsync(540_000 + 16_000);
    expect(server.refreshes()).toHaveLength(5);
    expect(ended).toEqual([]);
    const asked = server.asked.length;
    expect(await session.token()).toBe('access 2');
    expect(server.asked).toHaveLength(asked);
  });

  test('a renewal waits as long as the server asks', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    const busy = { code: 'overloaded', fault: faults.overloaded, message: 'busy', retryAfter: 40_000 } as const;
    server.answers = [{ status: 503, body: { error: busy } }];
    await until(() => server.refreshes().length === 1);
    await vi.advanceTimersByTimeAsync(39_000);
    expect(server.refreshes()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(42_000);
    expect(server.refreshes()).toHaveLength(2);
  });

  test('a device that slept past its renewal renews when the network is back', async () => {
    const listeners: (() => void)[] = [];
    vi.stubGlobal('addEventListener', (event: string, listener: () => void) => {
      if (event === 'online') listeners.push(listener);
    });
    const session = open('body');
    vi.unstubAllGlobals();
    await after(session.signIn(ada));
    for (const wake of listeners) wake();
    expect(server.refreshes()).toHaveLength(0);
    // The clock moves and no timer runs.
    vi.setSystemTime(Date.now() + 8 * 3_600_000);
    for (const wake of listeners) wake();
    await vi.advanceTimersByTimeAsync(200);
    expect(server.refreshes()).toHaveLength(1);
    expect(await session.token()).toBe('access 2');
  });

  test('an answer of a proxy with a code that is not ours ends no session', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    server.answers = [
      { status: 401, body: { error: { code: 'expired' } } },
      { status: 403, body: { error: 'no' } },
      { status: 401, body: null },
    ];
    for (let n = 0; n < 3; n++) await expect(after(session.renew())).rejects.toMatchObject({ code: 'unavailable' });
    expect(ended).toEqual([]);
  });

  test.each(['session_ended', 'suspended', 'unauthenticated'] as const)(
    'is over when the server says %s, and only then',
    async (code) => {
      const session = open('body');
      await after(session.signIn(ada));
      server.answers = [refused(code)];
      await expect(after(session.renew())).rejects.toMatchObject({ code });
      expect(ended.map((why) => why.code)).toEqual([code]);
      expect(session.userId).toBeNull();
      expect(await storage.entries('')).toEqual([]);
      expect(await after(session.resume())).toBe(false);
    },
  );

  test('does not go on as somebody else who signed in on this device meanwhile', async () => {
    const session = open('cookie');
    await after(session.signIn(ada));
    server.userId = 'ben';
    await expect(after(session.renew())).rejects.toMatchObject({ code: 'session_ended' });
    expect(ended).toHaveLength(1);
  });

  test('that was signed out does not come back with a late answer', async () => {
    const session = open('body');
    await after(session.signIn(ada));
    const late = session.renew();
    late.catch(() => undefined);
    await after(session.signOut());
    await expect(late).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(session.userId).toBeNull();
    expect(await storage.entries('')).toEqual([]);
  });

  test('signed out without a line stays signed out, although the cookie is still there', async () => {
    const session = open('cookie');
    await after(session.signIn(ada));
    server.answers = ['no line'];
    await after(session.signOut());
    const reloaded = open('cookie');
    expect(await after(reloaded.resume())).toBe(false);
    expect(server.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/session' });
    expect(server.refreshes()).toEqual([]);
  });

  test('in a cookie leaves nothing in the storage', async () => {
    const session = open('cookie');
    server.answers = [{ status: 200, body: { accessToken: 'a', expiresIn: 600, deviceId: 'd', userId: 'ada' } }];
    await after(session.signIn(ada));
    expect(await storage.entries('')).toEqual([]);
    expect(server.asked[0]!.body).toMatchObject({ keep: 'cookie' });
  });
});
