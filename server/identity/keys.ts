import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** The keys of the installation, each for one purpose, all derived from its secret: knowing one tells nothing about another. */
export type Keys = { access: Uint8Array; refresh: Buffer; knownDevice: Buffer; names: Buffer; nonce: Buffer };

export function deriveKeys(secret: string): Keys {
  const key = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, 'parley', purpose, 32));
  return {
    access: new Uint8Array(key('access token')),
    refresh: key('refresh token'),
    knownDevice: key('known device'),
    names: key('names in limits'),
    nonce: key('proof nonce'),
  };
}

export const hmac = (key: Buffer, ...parts: string[]): Buffer =>
  createHmac('sha256', key).update(parts.join('\0')).digest();

/** Whether two secrets are the same, without telling by the time it takes how much of them is. */
export const same = (one: Buffer, other: Buffer | null): boolean =>
  other !== null && one.length === other.length && timingSafeEqual(one, other);
