import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { emailAddress, name, text, typedAddress } from './words.ts';

/** `POST /api/session`: signs a person in on one device. */
export const SignIn = z.strictObject({
  email: typedAddress(limits.email),
  password: z.string().check(z.minLength(1), z.maxLength(limits.password)),
  /** How the person would recognise this device in a list. */
  device: z._default(name(limits.name), 'Unnamed device'),
  /** `cookie`: the refresh token travels as an HttpOnly cookie (browsers); `body`: the client keeps it itself (SDK without cookies). */
  keep: z._default(z.enum(['cookie', 'body']), 'cookie'),
});

/** `POST /api/session/refresh`: a spent access token for a new one. Without a body the cookie is used. */
export const Refresh = z.strictObject({ refreshToken: z.optional(z.string().check(z.maxLength(256))) });

/** The answer to signing in and to refreshing. The access token goes into the socket's handshake and the Authorization header. */
export type Session = {
  accessToken: string;
  expiresIn: number;
  deviceId: string;
  userId: string;
  refreshToken?: string;
};

/** `POST /api/set-up`: makes the first owner of an empty installation; the code is printed in the server's log, once. */
export const SetUp = z.strictObject({
  code: text(64),
  organisation: name(limits.name),
  name: name(limits.name),
  email: emailAddress(limits.email),
  password: z.string().check(z.minLength(12, 'must have at least 12 characters'), z.maxLength(limits.password)),
});

/** `POST /api/invitation`: an invited person chooses a password with the token of their one-time link. Answered with `Invited`. */
export const Invitation = z.strictObject({
  token: text(100),
  password: z.string().check(z.minLength(12, 'must have at least 12 characters'), z.maxLength(limits.password)),
});
/** Who came in: enough to sign in with right away. */
export type Invited = { userId: string; name: string; email: string };

/** What the socket's handshake carries as `auth`. */
export const Handshake = z.object({ token: z.string().check(z.maxLength(4_096)) });
