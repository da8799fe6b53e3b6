import * as z from 'zod/mini';
import type { Request, Response } from 'express';
import { Invitation, Refresh, SetUp, SignIn } from '@parley/protocol/identity.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { route, type Http } from '../doors/route.ts';
import { forbidden, unauthenticated } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import * as users from '../users/users.ts';
import * as devices from './devices.ts';
import { identity } from './identity.ts';
import * as invitations from './invitations.ts';
import { idleMs } from './refresh-token.ts';
import * as sessions from './sessions.ts';
import * as setUp from './set-up.ts';

const Nothing = z.strictObject({});
const EndDevice = z.strictObject({ deviceId: id, reason: z.optional(optionalText(limits.reason)) });

export const identityRoutes = [
  route('GET', '/api/status', 'everyone', 'own', Nothing, status),
  route('POST', '/api/set-up', 'everyone', 'own', SetUp, setUp.complete),
  route('POST', '/api/invitation', 'everyone', 'own', Invitation, invitations.accept),
  route('POST', '/api/session', 'everyone', 'own', SignIn, signIn),
  route('POST', '/api/session/refresh', 'everyone', 'own', Refresh, refresh),
  route('DELETE', '/api/session', 'everyone', 'own', Nothing, signOut),
  route('GET', '/api/session/devices', 'signed-in', 'read', Nothing, async (work) => ({
    devices: await devices.list(work),
  })),
  route('DELETE', '/api/session/devices/:deviceId', 'signed-in', 'write', EndDevice, (work, { deviceId, reason }) =>
    devices.end(work, deviceId, { reason: reason ?? null }),
  ),
  route('GET', '/api/me', 'signed-in', 'page', Nothing, (work) => users.describeMe(work)),
];

const refreshCookie = 'parley_refresh';
const knownCookie = 'parley_known';

async function status(work: Work) {
  const { organisation, evaluation } = await settings.read(work);
  return {
    ready: true,
    setUp: await setUp.isNeeded(work.house),
    organisation,
    version: work.use(identity).version,
    evaluation,
  };
}

async function signIn(work: Work, { keep, ...said }: z.output<typeof SignIn>, http: Http) {
  const { session, refreshToken, mark } = await sessions.signIn(work, said, cookieOf(http.request, knownCookie));
  if (keep === 'body') return { ...session, refreshToken };
  setCookie(work, http.response, refreshCookie, refreshToken, idleMs);
  setCookie(work, http.response, knownCookie, mark, 400 * 24 * 3_600_000);
  return session;
}

async function refresh(work: Work, { refreshToken: said }: z.output<typeof Refresh>, http: Http) {
  const token = said ?? cookieToken(http.request);
  if (!token) throw unauthenticated('There is no session to refresh. Sign in.');
  const { session, refreshToken } = await sessions.refresh(work, token);
  if (said !== undefined) return { ...session, refreshToken };
  setCookie(work, http.response, refreshCookie, refreshToken, idleMs);
  return session;
}

/** Signs out by whatever the caller has: the access token's device, or the cookie's. Afterwards there is no cookie either way. */
async function signOut(work: Work, _input: unknown, http: Http) {
  if (work.actor.deviceId) await devices.end(work, work.actor.deviceId);
  const token = cookieToken(http.request);
  if (token) await sessions.signOut(work, token);
  setCookie(work, http.response, refreshCookie, '', 0);
}

/** The cookie is ambient: it counts only for a request a page of ours made, and browsers say so. */
function cookieToken(request: Request): string | undefined {
  const token = cookieOf(request, refreshCookie);
  if (!token) return undefined;
  // A foreign Origin did not get this far; a browser that says nothing at all is not taken at its word.
  if (request.headers.origin === undefined && request.headers['sec-fetch-site'] !== 'same-origin')
    throw forbidden('A session kept in a cookie is refreshed by its own page only.');
  return token;
}

function setCookie(work: Work, response: Response, name: string, value: string, maxAge: number): void {
  response.cookie(name, value, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/api/session',
    secure: work.use(identity).secureCookies,
    maxAge,
    encode: String,
  });
}

/** Our cookies hold letters, digits, dots and dashes: nothing to decode. */
function cookieOf(request: Request, name: string): string | undefined {
  const all = request.headers.cookie?.split(';', 50) ?? [];
  return (
    all
      .map((one) => one.trim())
      .find((one) => one.startsWith(`${name}=`))
      ?.slice(name.length + 1) || undefined
  );
}
