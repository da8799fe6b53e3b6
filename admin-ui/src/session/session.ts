import { oneAtATime } from '@parley/sdk/one-at-a-time.ts';
import { send } from './send.ts';
import { ServerError } from './server-error.ts';

/**
 * The console's session: an access token in memory, renewed through the cookie the chat shares. One renewal at a time, in this page and across
 * the tabs of this origin: two at once would spend each other's token.
 */
type Session = { accessToken: string; expiresIn: number; deviceId: string; userId: string };
export type Status = { setUp: boolean; organisation: string; version: string; evaluation: boolean };

let token: string | null = null;
let renewing: Promise<boolean> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let renewAt = 0;

export const accessToken = () => token;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(path, {
    method,
    body,
    token: path === '/api/session' ? token : null,
    signal: AbortSignal.timeout(20_000),
  }).catch((error: unknown) => {
    throw ServerError.noAnswer(error);
  });
  const answer = (await response.json().catch(() => ({}))) as T & {
    error?: ConstructorParameters<typeof ServerError>[0];
  };
  if (response.ok) return answer;
  throw answer.error ? new ServerError(answer.error) : ServerError.noAnswer(new Error(`HTTP ${response.status}`));
}

function take({ accessToken: fresh, expiresIn }: Session) {
  token = fresh;
  failures = 0;
  // In the last quarter of its life, so that no request meets a spent one.
  const wait = Math.max(1_000, expiresIn * 750);
  renewAt = Date.now() + wait;
  plan(wait);
}

function plan(wait: number) {
  clearTimeout(timer);
  timer = setTimeout(renewOnTime, wait);
}

/** Renews, and again soon when the server could not be asked: only the server can say that the session is over. */
function renewOnTime() {
  renew().catch(() => plan(500 + Math.random() * Math.min(30_000, 1_000 * 2 ** failures++)));
}

/** Timers stand still while a device sleeps: what is overdue is done when the page is seen, or the network is back. */
function wake() {
  if (token && Date.now() >= renewAt) renewOnTime();
}
addEventListener('online', wake);
document.addEventListener('visibilitychange', wake);

const over = new Set(['unauthenticated', 'session_ended', 'suspended', 'forbidden']);

/** A fresh access token out of the cookie. false: there is no session any more. Rejects when the server cannot be asked. */
export function renew(): Promise<boolean> {
  renewing ??= oneAtATime('parley-session', renewNow).finally(() => (renewing = null));
  return renewing;
}

async function renewNow(): Promise<boolean> {
  try {
    take(await call<Session>('POST', '/api/session/refresh', {}));
    return true;
  } catch (error) {
    if (!(error instanceof ServerError) || !over.has(error.code)) throw error;
    token = null;
    return false;
  }
}

export const readStatus = () => call<Status>('GET', '/api/status');

export async function signIn(email: string, password: string, device: string): Promise<void> {
  take(await call<Session>('POST', '/api/session', { email, password, device, keep: 'cookie' }));
}

/** Ends the session here and on the server. */
export async function signOut(): Promise<void> {
  await call('DELETE', '/api/session').catch(() => undefined);
  clearTimeout(timer);
  token = null;
}
