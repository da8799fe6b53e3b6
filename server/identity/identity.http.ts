import * as z from 'zod/mini';
import type { Request, Response } from 'express';
import {
  EndDevices,
  Invitation,
  PasswordChange,
  PasswordReset,
  Refresh,
  ResetLink,
  SetUp,
  SignIn,
} from '@parley/protocol/identity.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { route, type Http } from '../doors/route.ts';
import { shownBy } from '../doors/shown.ts';
import { forbidden, unauthenticated } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import * as users from '../users/users.ts';
import * as devices from './devices.ts';
import { identity } from './identity.ts';
import * as invitations from './invitations.ts';
import * as passwordChange from './password-change.ts';
import * as resets from './password-resets.ts';
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
  route('DELETE', '/api/session/devices', 'signed-in', 'write', EndDevices, endOwnDevices),
  route('POST', '/api/session/password', 'signed-in', 'act', PasswordChange, changePassword),
  route('POST', '/api/password-reset/person', 'everyone', 'own', ResetLink, resets.personOf),
  route('POST', '/api/password-reset', 'everyone', 'own', PasswordReset, resetPassword),
  route('GET', '/api/me', 'signed-in', 'page', Nothing, (work) => users.describeMe(work)),
];

const refreshCookie = 'parley_refresh';
const knownCookie = 'parley_known';

async function status(work: Work) {
  const { organisation, evaluation, passwordFloor } = await settings.read(work);
  return {
    ready: true,
    setUp: await setUp.isNeeded(work.house),
    organisation,
    version: work.use(identity).version,
    evaluation,
    passwordFloor,
  };
}

async function signIn(work: Work, { keep, ...said }: z.output<typeof SignIn>, http: Http) {
  const { session, refreshToken, mark } = await sessions.signIn(
    work,
    said,
    shownTo(work, http),
    cookieOf(http.request, knownCookie),
  );
  if (keep === 'body') return { ...session, refreshToken };
  // What this browser was before is overwritten: it lost its key, or another person was signed in. No one could end it
  // later.
  const before = isOwnPage(http.request) ? cookieOf(http.request, refreshCookie) : undefined;
  if (before) await sessions.signOut(work, before, 'replaced by a new sign-in');
  setCookie(work, http.response, refreshCookie, refreshToken, idleMs);
  setMark(work, http.response, mark);
  return session;
}

async function changePassword(work: Work, input: z.output<typeof PasswordChange>, http: Http) {
  const { mark } = await passwordChange.change(work, input, cookieOf(http.request, knownCookie));
  // A client that keeps its session itself has no use for cookies.
  if (cookieOf(http.request, refreshCookie)) setMark(work, http.response, mark);
}

async function resetPassword(work: Work, input: z.output<typeof PasswordReset>, http: Http) {
  const { mark, ...person } = await resets.use(work, input, cookieOf(http.request, knownCookie));
  setMark(work, http.response, mark);
  setCookie(work, http.response, refreshCookie, '', 0);
  return person;
}

async function endOwnDevices(work: Work, input: z.output<typeof EndDevices>, http: Http) {
  await devices.endOwn(work, input);
  if (!input.keepThis) setCookie(work, http.response, refreshCookie, '', 0);
}

async function refresh(work: Work, { refreshToken: said }: z.output<typeof Refresh>, http: Http) {
  const token = said ?? cookieToken(http.request);
  if (!token) throw unauthenticated('There is no session to refresh. Sign in.');
  const { session, refreshToken } = await sessions.refresh(work, token, shownTo(work, http));
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

const shownTo = (work: Work, { request }: Http) => shownBy(request, request.originalUrl, work.doorway);

/** The cookie is ambient: it counts only for a request a page of ours made, and browsers say so. */
function cookieToken(request: Request): string | undefined {
  const token = cookieOf(request, refreshCookie);
  if (!token) return undefined;
  if (!isOwnPage(request)) throw forbidden('A session kept in a cookie is refreshed by its own page only.');
  return token;
}

const setMark = (work: Work, response: Response, mark: string) =>
  setCookie(work, response, knownCookie, mark, 400 * 24 * 3_600_000);

/** A foreign Origin did not get this far; a browser that says nothing at all is not taken at its word. */
const isOwnPage = ({ headers }: Request) => headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin';

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
