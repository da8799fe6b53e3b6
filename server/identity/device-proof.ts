import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose';
import * as z from 'zod/mini';
import { knownOrigins } from '../doors/origin.ts';
import type { Shown } from '../kernel/authority.ts';
import { now } from '../kernel/clock.ts';
import { Refused } from '../kernel/errors.ts';
import { hmac, same, type Keys } from './keys.ts';

/*
 * Proofs that a device holds its key (RFC 9449, DPoP): a small token signed with the key, made for one request, used
 * once.
 * 1. The time of a proof is told by its nonce, which we made, and never by the device's clock: laptops with a wrong
 *    clock are let in, and a proof made in advance is worth nothing. A nonce is taken for ten to fifteen minutes; every
 *    answer carries the newest.
 * 2. A proof is taken once. Spent ones are remembered by process for as long as their nonce is taken.
 * 3. The address in a proof must be ours: PARLEY_PUBLIC_URL or PARLEY_ORIGINS where the first is set, otherwise the
 *    host that was asked.
 */

/** Milliseconds after which a new nonce is given out. */
const nonceMs = 5 * 60_000;
/** How many nonces before the newest one are still taken. */
const olderNonces = 2;
/**
 * Proofs of one device under one nonce: 33 a second for its five minutes. Spent ones are kept in memory, which is not
 * for clients to fill.
 */
const mostProofs = 10_000;
const proofLength = 2_048;

const Claims = z.object({
  htm: z.string(),
  htu: z.string(),
  jti: z.string().check(z.minLength(8), z.maxLength(128)),
  iat: z.number(),
  ath: z.optional(z.string()),
  nonce: z.optional(z.string()),
});

/**
 * A proof that is rightly made for the request; whether it comes in time and for the first time is judged by `spend`.
 */
export type Proof = { thumbprint: string; jti: string; nonce: string | undefined };
/** Why what was shown is no proof, for the audit and the answer. */
export type NoProof = { fault: string };

export class DeviceProofs {
  readonly #keys: Keys;
  readonly #publicUrl: string | null;
  readonly #origins: Set<string>;
  /** Spent proofs, by the number of their nonce and the device's key. */
  readonly #spent = new Map<number, Map<string, Set<string>>>();
  #newest = { number: -1, nonce: '' };

  constructor(keys: Keys, settings: { publicUrl: string | null; origins: readonly string[] }) {
    this.#keys = keys;
    this.#publicUrl = settings.publicUrl;
    this.#origins = knownOrigins(settings);
  }

  /** What a proof made now must contain. */
  nonce(): string {
    const number = Math.floor(now() / nonceMs);
    if (this.#newest.number !== number) this.#newest = { number, nonce: this.#nonceOf(number) };
    return this.#newest.nonce;
  }

  /** Judges what was shown: signature, form, method, address and, where it goes with an access token, that token. */
  async read(shown: Shown | undefined, accessToken?: string): Promise<Proof | NoProof> {
    const proof = shown?.proof;
    if (!shown || proof === undefined) return { fault: 'no proof of the device’s key' };
    if (proof.length > proofLength) return { fault: 'the proof is too long' };
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        algorithms: ['ES256'],
        typ: 'dpop+jwt',
        currentDate: new Date(now()),
      });
      const { data: claims } = Claims.safeParse(payload);
      if (!claims) return { fault: 'the proof lacks a claim' };
      if (claims.htm !== shown.method) return { fault: 'the proof is for another method' };
      if (!this.#isHere(claims.htu, shown)) return { fault: 'the proof is for another address' };
      if (accessToken !== undefined && claims.ath !== hashOf(accessToken))
        return { fault: 'the proof is for another access token' };
      return {
        thumbprint: await calculateJwkThumbprint(protectedHeader.jwk!),
        jti: claims.jti,
        nonce: claims.nonce,
      };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
        return { fault: 'the proof is not one' };
      throw error;
    }
  }

  /**
   * Takes a proof, once. Refuses with `stale_proof` and the newest nonce when its own is missing or old. Returns the
   * fault of a repeated one.
   */
  spend({ thumbprint, jti, nonce }: Proof): NoProof | null {
    const number = this.#numberOf(nonce);
    if (number === null)
      throw new Refused('stale_proof', 'The proof of the device’s key needs the newest nonce. Make a new one.', {
        nonce: this.nonce(),
      });
    const devices = this.#spentUnder(number);
    const spent = devices.get(thumbprint) ?? new Set();
    const name = nameOf(jti);
    if (spent.has(name)) return { fault: 'the proof was used before' };
    if (spent.size >= mostProofs)
      throw new Refused('limited', 'Too many requests of this device. Slow down.', { retryAfter: 10_000 });
    devices.set(thumbprint, spent.add(name));
    return null;
  }

  /** Takes back `spend`, when what the proof was for did not happen. */
  giveBack({ thumbprint, jti, nonce }: Proof): void {
    const number = this.#numberOf(nonce);
    if (number !== null) this.#spentUnder(number).get(thumbprint)?.delete(nameOf(jti));
  }

  #isHere(htu: string, { path, host }: Shown): boolean {
    const url = URL.parse(htu);
    if (!url || url.pathname !== path || url.username || url.password) return false;
    if (this.#origins.has(url.origin)) return true;
    // A proxy in front may speak another scheme than we do.
    return this.#publicUrl === null && /^https?:$/.test(url.protocol) && url.host === host?.toLowerCase();
  }

  #nonceOf(number: number): string {
    const told = number.toString(36);
    return `${told}.${hmac(this.#keys.nonce, told).subarray(0, 12).toString('base64url')}`;
  }

  /** The number of a nonce of ours that is still taken; null for any other. */
  #numberOf(nonce: string | undefined): number | null {
    const newest = Math.floor(now() / nonceMs);
    for (let number = newest; nonce !== undefined && number >= newest - olderNonces; number--)
      if (same(Buffer.from(nonce), Buffer.from(this.#nonceOf(number)))) return number;
    return null;
  }

  #spentUnder(number: number): Map<string, Set<string>> {
    const known = this.#spent.get(number);
    if (known) return known;
    const oldest = Math.floor(now() / nonceMs) - olderNonces;
    for (const old of this.#spent.keys()) if (old < oldest) this.#spent.delete(old);
    const devices = new Map<string, Set<string>>();
    this.#spent.set(number, devices);
    return devices;
  }
}

export const isProof = (found: Proof | NoProof): found is Proof => 'thumbprint' in found;

/** Short and of one length, however long a proof's own name is. */
const nameOf = (jti: string) => createHash('sha256').update(jti).digest('base64url').slice(0, 22);
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');
