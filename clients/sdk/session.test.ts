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
