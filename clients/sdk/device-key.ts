import { base64url, exportJWK, SignJWT, type JWK } from 'jose';

/*
 * The key of a device (RFC 9449): the session is bound to it at sign-in, so that a copied token alone is worthless. In
 * browsers the private half cannot be read by any script; for Node it lies in a file (key-file.ts).
 */

export type DeviceKey = {
  /**
   * A proof for one request, good once. `token`: the access token it goes with. `nonce`: the newest one the server
   * said.
   */
  prove(request: ToProve): Promise<string>;
};
type ToProve = { method: string; url: string; token?: string | undefined; nonce?: string | undefined };

export type KeyPair = { privateKey: CryptoKey; publicKey: CryptoKey };

/** Where the key is kept. */
export type KeyPlace = {
  /** Whether the place keeps bytes, and so needs a private key that can be read. */
  readable: boolean;
  find(): Promise<KeyPair | undefined>;
  /** Keeps the pair, unless one is kept already: two tabs may come at once. Answers the one that is kept. */
  keep(pair: KeyPair): Promise<KeyPair>;
};

/**
 * The key of this device, made at the first asking. The function answers null where there can be none: over plain http,
 * except from the same machine, browsers have no cryptography. It rejects when the place cannot be read, and may then
 * be asked again.
 */
export function deviceKeyIn(place: KeyPlace): () => Promise<DeviceKey | null> {
  let found: Promise<DeviceKey> | undefined;
  return async () => {
    if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) return null;
    found ??= findOrMake(place);
    found.catch(() => (found = undefined));
    return found;
  };
}

async function findOrMake(place: KeyPlace): Promise<DeviceKey> {
  const pair = (await place.find()) ?? (await place.keep(await makePair(place.readable)));
  const jwk = await exportJWK(pair.publicKey);
  return { prove: (request) => prove(pair.privateKey, jwk, request) };
}

const makePair = async (readable: boolean): Promise<KeyPair> =>
  (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, readable, ['sign', 'verify'])) as KeyPair;

async function prove(key: CryptoKey, jwk: JWK, { method, url, token, nonce }: ToProve): Promise<string> {
  const claims = {
    htm: method,
    htu: url,
    jti: crypto.randomUUID(),
    ...(nonce === undefined ? {} : { nonce }),
    ...(token === undefined ? {} : { ath: await hashOf(token) }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .setIssuedAt(Math.floor(Date.now() / 1_000))
    .sign(key);
}

async function hashOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return base64url.encode(new Uint8Array(hash));
}
