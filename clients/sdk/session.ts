import { faults, Refusal } from '@parley/protocol/errors.ts';
import type { Handshake, Invitation, Invited, Session, SetUp } from '@parley/protocol/identity.ts';
import type * as z from 'zod/mini';
import { backoffFor } from './backoff.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { asParleyError, noAnswer, notSignedIn, ParleyError } from './failure.ts';
import type { Options, Status } from './parley.ts';

const refreshKey = 'session/refresh';
/** Set while a sign-out could not be told to the server: the cookie is still there and must not sign the person in again. */
const endedKey = 'session/ended';
/** A token this close to its end (ms) is renewed before it is used. */
const margin = 30_000;

/**
 * The device's session: an access token in memory, renewed before it ends and when the server refuses it. One renewal at a time, in this page
 * and across the tabs that share the cookie. A renewal that fails is tried again soon: only the server can say that the
 * session is over, and `onEnd` hears it. With a key, every request carries a proof of it.
 */
export type DeviceSession = ReturnType<typeof createSession>;

export function createSession(
  { origin, storage, device, keep = 'cookie', fetch = globalThis.fetch, key }: Options,
  onEnd: (why: ParleyError) => void,
) {
  let current: { accessToken: string; userId: string; deviceId: string; endsAt: number; renewAt: number } | null = null;
  let renewing: Promise<string> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  /** What the next proof must contain, as the server said last. */
  let nonce: string | undefined;
  // Moves with every sign-in and sign-out: an answer that belongs to the session before is not taken.
  let era = 0;

  /**
   * A proof for one request; undefined where there is no key, or it cannot be read now: the server then says what that
   * means.
   */
  async function prove(method: string, path: string, token: string | undefined): Promise<string | undefined> {
    const found = await key?.().catch(() => null);
    return found?.prove({ method, url: origin + path, token, nonce });
  }

  async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const token = path === '/api/session/refresh' ? undefined : current?.accessToken;
    try {
      return await requestOnce(method, path, token, body);
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'stale_proof') throw error;
      // Refused unread, with the nonce that was missing.
      return requestOnce(method, path, token, body);
    }
  }

  async function requestOnce<T>(method: string, path: string, token: string | undefined, body?: unknown): Promise<T> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    const proof = path.startsWith('/api/session') ? await prove(method, path, token) : undefined;
    if (proof !== undefined) headers['dpop'] = proof;
    if (token !== undefined) headers['authorization'] = `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}`;
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(origin + path, {
        method,
        headers,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(20_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      nonce = response.headers.get('dpop-nonce') ?? nonce;
      const text = await response.text();
      answer = text === '' ? undefined : JSON.parse(text);
    } catch (error) {
      throw noAnswer(error);
    }
    if (response.ok) return answer as T;
    const refusal = Refusal.safeParse((answer as { error?: unknown } | undefined)?.error);
    throw refusal.success ? heed(new ParleyError(refusal.data)) : noAnswer(new Error(`HTTP ${response.status}`));
  }

  /** Takes the nonce out of a refusal that carries one. */
  function heed(error: ParleyError): ParleyError {
    nonce = error.nonce ?? nonce;
    return error;
  }

  async function take(session: Session): Promise<string> {
    // Kept before it is used: a page that dies in between must not be left with a spent token.
    if (session.refreshToken !== undefined) await storage.set(refreshKey, session.refreshToken);
    const life = session.expiresIn * 1_000;
    // Somewhere in the last quarter of its life, so that devices which signed in together do not renew together.
    const wait = Math.max(1_000, life * (0.75 + Math.random() * 0.15));
    current = {
      accessToken: session.accessToken,
      userId: session.userId,
      deviceId: session.deviceId,
      endsAt: Date.now() + life,
      renewAt: Date.now() + wait,
    };
    failures = 0;
    plan(wait);
    return session.accessToken;
  }

  function plan(wait: number): void {
    clearTimeout(timer);
    timer = setTimeout(renewOnTime, Math.min(wait, 2 ** 31 - 1));
    // In Node a session alone is no reason to keep the process.
    (timer as { unref?: () => void }).unref?.();
  }

  /**
   * Renews, and again soon when the server could not be asked: the answer may be lost again while the token still has
   * time.
   */
  function renewOnTime(): void {
    renew().catch((error: unknown) => {
      if (current) plan(backoffFor(failures++, asParleyError(error).retryAfter));
    });
  }

  /**
   * Timers stand still while a device sleeps: what is overdue is done when the page is seen, or the network is back.
   */
  function wake(): void {
    if (current && Date.now() >= current.renewAt) renewOnTime();
  }
  const page = globalThis as Page;
  page.addEventListener?.('online', wake);
  page.addEventListener?.('pageshow', wake);
  page.document?.addEventListener('visibilitychange', wake);

  /** A fresh access token. Rejects with `unavailable` (the session stands) or with why it is over, after telling `onEnd`. */
  function renew(): Promise<string> {
    // The tabs of a browser share one cookie: two at once would spend each other's.
    renewing ??= (keep === 'body' ? renewNow() : oneAtATime('parley-session', renewNow)).finally(
      () => (renewing = null),
    );
    return renewing;
  }

  /** A storage that cannot be read says nothing about the session: it stands, and is asked for again. */
  const keptToken = () =>
    storage.get(refreshKey).catch((error: unknown) => {
      throw noAnswer(error);
    });

  async function renewNow(): Promise<string> {
    const mine = era;
    const userId = current?.userId;
    const refreshToken = keep === 'body' ? await keptToken() : undefined;
    if (keep === 'body' && typeof refreshToken !== 'string') throw end(notSignedIn());
    try {
      const session = await request<Session>(
        'POST',
        '/api/session/refresh',
        refreshToken === undefined ? undefined : { refreshToken },
      );
      if (mine !== era) throw notSignedIn();
      if (userId !== undefined && session.userId !== userId)
        throw new ParleyError({
          code: 'session_ended',
          fault: faults.session_ended,
          message: 'Somebody else has signed in on this device.',
        });
      return await take(session);
    } catch (error) {
      const failure = asParleyError(error);
      if (mine === era && isOver(failure)) end(failure);
      throw failure;
    }
  }

  /** An access token good for at least half a minute. */
  async function token(): Promise<string> {
    if (!current) throw notSignedIn();
    const isFresh = Date.now() < current.renewAt || current.endsAt - Date.now() > margin;
    return isFresh ? current.accessToken : renew();
  }

  function end(why: ParleyError): ParleyError {
    const was = current;
    forget();
    if (keep === 'body') void storage.delete(refreshKey).catch(() => undefined);
    if (was) onEnd(why);
    return why;
  }

  function forget(): void {
    era++;
    current = null;
    clearTimeout(timer);
  }

  return {
    get userId() {
      return current?.userId ?? null;
    },
    status: () => request<Status>('GET', '/api/status'),
    setUp: async (input: z.input<typeof SetUp>) => void (await request('POST', '/api/set-up', input)),
    acceptInvitation: (input: z.input<typeof Invitation>) => request<Invited>('POST', '/api/invitation', input),
    async signIn({ email, password }: { email: string; password: string }): Promise<Session> {
      const session = await request<Session>('POST', '/api/session', { email, password, device, keep });
      era++;
      await storage.delete(endedKey);
      await take(session);
      return session;
    },
    /** Takes up the kept session, if there is one. */
    async resume(): Promise<boolean> {
      // Where storage cannot be read, the cookie decides.
      if (await storage.get(endedKey).catch(() => undefined)) {
        await request('DELETE', '/api/session');
        await storage.delete(endedKey);
        return false;
      }
      try {
        await renew();
        return true;
      } catch (error) {
        if (isOver(asParleyError(error))) return false;
        throw error;
      }
    },
    /** Ends it here whatever the server says; told to the server now, or when it can be reached again. */
    async signOut(): Promise<void> {
      // Without a cookie only a living token tells the server which device is meant.
      if (keep === 'body' && current && current.endsAt <= Date.now()) await renew().catch(() => undefined);
      const told = request('DELETE', '/api/session');
      forget();
      if (keep === 'body') await storage.delete(refreshKey);
      try {
        await told;
      } catch (error) {
        if (keep === 'cookie' && !isOver(asParleyError(error))) await storage.set(endedKey, true);
      }
    },
    token,
    /** What a connection shows: a token and, with a key, a proof for the socket's address. */
    async handshake(): Promise<z.input<typeof Handshake>> {
      const accessToken = await token();
      const dpop = await prove('GET', '/socket.io/', accessToken);
      return { token: accessToken, ...(dpop === undefined ? {} : { dpop }) };
    },
    heed,
    renew,
    end,
    request,
  };
}

/** Refusals after which no waiting brings the session back. */
export const isOver = (error: ParleyError): boolean =>
  error.code === 'session_ended' || error.code === 'suspended' || error.code === 'unauthenticated';

/** What a browser's page has and Node has not. */
type Page = {
  addEventListener?: (event: string, listener: () => void) => void;
  document?: { addEventListener(event: string, listener: () => void): void };
};
