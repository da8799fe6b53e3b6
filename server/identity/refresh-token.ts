import { createHash } from 'node:crypto';
import { newSecret } from '../kernel/ids.ts';
import { hmac, same, type Keys } from './keys.ts';

/*
 * A refresh token is `<device>.<secret>.<seal>`. The database keeps only its SHA-256. The seal proves that we made it: so a spent token that
 * comes back is known for what it is, and a made-up one can neither end a device nor cost a query.
 * The successor's secret is derived from the token it follows; the same token asked twice gives the same successor without anything secret kept.
 */

/**
 * Milliseconds for which the previous token still gets the same successor after that successor was used: a second tab
 * asked at the same time.
 */
export const graceMs = 10_000;
/** Milliseconds after which a device that never came back must sign in anew. */
export const idleMs = 30 * 24 * 3_600_000;

export const firstToken = (keys: Keys, deviceId: string): string => seal(keys, deviceId, newSecret(32));

export function successorOf(keys: Keys, token: string): string {
  const [deviceId, secret] = token.split('.') as [string, string];
  return seal(keys, deviceId, hmac(keys.refresh, 'next', deviceId, secret).toString('base64url'));
}

export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The device a token of ours belongs to; null for anything we never made. */
export function deviceOf(keys: Keys, token: string): string | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  const [deviceId, secret, given] = parts as [string, string, string];
  return same(Buffer.from(given), Buffer.from(sealOf(keys, deviceId, secret))) ? deviceId : null;
}

const seal = (keys: Keys, deviceId: string, secret: string) =>
  `${deviceId}.${secret}.${sealOf(keys, deviceId, secret)}`;
const sealOf = (keys: Keys, deviceId: string, secret: string) =>
  hmac(keys.refresh, 'seal', deviceId, secret).subarray(0, 16).toString('base64url');
