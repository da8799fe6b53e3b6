import { SignJWT, errors, jwtVerify } from 'jose';
import { now } from '../kernel/clock.ts';
import { unauthenticated } from '../kernel/errors.ts';
import type { Keys } from './keys.ts';

/** Seconds an access token is good for. Ending a device takes effect at once all the same: the authority is asked at every door. */
export const accessSeconds = 600;

/**
 * `generation`: which refresh token of the device it was made from. `keyThumbprint`: the key it counts with, for a
 * device that has one.
 */
export type AccessClaims = { userId: string; deviceId: string; generation: number; keyThumbprint: string | null };

const issuer = 'parley';

/** A short-lived token that says who, on which device. */
export function signAccess(keys: Keys, { userId, deviceId, generation, keyThumbprint }: AccessClaims): Promise<string> {
  const at = Math.floor(now() / 1_000);
  return new SignJWT({ dev: deviceId, gen: generation, ...(keyThumbprint ? { cnf: { jkt: keyThumbprint } } : {}) })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setSubject(userId)
    .setIssuedAt(at)
    .setExpirationTime(at + accessSeconds)
    .sign(keys.access);
}

/** What the token says, if it is ours and still good; otherwise `unauthenticated`. */
export async function readAccess(keys: Keys, token: string): Promise<AccessClaims> {
  try {
    const { payload } = await jwtVerify(token, keys.access, {
      algorithms: ['HS256'],
      issuer,
      typ: 'at+jwt',
      requiredClaims: ['sub', 'dev', 'exp', 'iat'],
      currentDate: new Date(now()),
    });
    const bound = payload['cnf'] as { jkt: string } | undefined;
    return {
      userId: String(payload.sub),
      deviceId: String(payload['dev']),
      // Tokens of the version before this one name no generation: they are good until they expire, and no successor's
      // use.
      generation: Number(payload['gen'] ?? 0),
      keyThumbprint: bound ? bound.jkt : null,
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated('The access token has expired. Refresh the session.');
    throw unauthenticated('The access token is not valid.');
  }
}
