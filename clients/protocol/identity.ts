import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { emailAddress, name, text, typedAddress } from './words.ts';

/**
 * A password as it is typed. Whether a new one is good is judged by rules that need to know whose it is: passwords.ts.
 */
const typedPassword = z.string().check(z.minLength(1), z.maxLength(limits.password));
const newPassword = typedPassword.check(z.refine((said) => said.isWellFormed(), 'must be well-formed text'));

/** `POST /api/session`: signs a person in on one device. */
export const SignIn = z.strictObject({
  email: typedAddress(limits.email),
  password: typedPassword,
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
  password: newPassword,
});

/** `POST /api/invitation`: an invited person chooses a password with the token of their one-time link. Answered with `Invited`. */
export const Invitation = z.strictObject({
  token: text(100),
  password: newPassword,
});
/** Who came in: enough to sign in with right away. */
export type Invited = { userId: string; name: string; email: string };

/**
 * `POST /api/session/password`: a signed-in person chooses a new password and proves with the current one that it is
 * they who ask.
 */
export const PasswordChange = z.strictObject({
  current: typedPassword,
  password: newPassword,
  /** Whether the person's other devices are ended. */
  endOthers: z._default(z.boolean(), true),
});

/** `POST /api/password-reset/person`: whom a one-time link is for. Answered with `ResetPerson`. */
export const ResetLink = z.strictObject({ token: text(100) });
export type ResetPerson = { name: string; email: string };
/**
 * `POST /api/password-reset`: chooses a new password with a one-time link. Ends every device of the person. Answered
 * with `Invited`.
 */
export const PasswordReset = z.strictObject({ token: text(100), password: newPassword });

/** `DELETE /api/session/devices`: ends all devices of the acting person, or all but the one that asks. */
export const EndDevices = z.strictObject({ keepThis: z._default(z.boolean(), false) });

/** A device of the acting person, as `GET /api/session/devices` lists it. Times are milliseconds since 1970. */
export type OwnDevice = {
  id: string;
  name: string;
  address: string | null;
  userAgent: string | null;
  createdAt: number;
  lastSeenAt: number;
  /** Bound to a key of the device: copied tokens are worthless. */
  bound: boolean;
  /**
   * How often, when last and from where the previous refresh token was shown again: an answer was lost, or the token
   * was copied.
   */
  refreshRepeats: number;
  refreshRepeatedAt: number | null;
  refreshRepeatedFrom: string | null;
  current: boolean;
};

/**
 * What the socket's handshake carries as `auth`. `dpop` is the proof of the device's key (RFC 9449), for a device that
 * has one: method GET, address `<origin>/socket.io/`, with the hash of the token and the newest nonce.
 */
export const Handshake = z.object({
  token: z.string().check(z.maxLength(4_096)),
  dpop: z.optional(z.string().check(z.maxLength(4_096))),
});
