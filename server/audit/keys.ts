import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { partKey } from '../kernel/parts.ts';

/** Where the audit log's keys live, and where its signed statements are kept outside the database. */
export type AuditPlace = { keys: string; outside: string };

export const auditPlace = partKey<AuditPlace>('audit place');

/** `<data>/audit/keys` and, unless another directory was named for it, `<data>/audit`. */
export const auditPlaceOf = (dataDir: string, outside: string | null | undefined): AuditPlace => ({
  keys: path.join(dataDir, 'audit', 'keys'),
  outside: outside ? path.resolve(outside) : path.join(dataDir, 'audit'),
});

export type SigningKey = { id: string; publicKey: string; sign(bytes: string): string };

/** Makes an Ed25519 pair: the private half readable by its owner only, the public half for whoever wants to check. */
export function makeKey(place: AuditPlace): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const id = keyId(rawOf(publicKey));
  mkdirSync(place.keys, { recursive: true, mode: 0o700 });
  chmodSync(place.keys, 0o700);
  writeFileSync(privateFile(place, id), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  writeFileSync(publicFile(place, id), publicKey.export({ type: 'spki', format: 'pem' }), {
    mode: 0o644,
    flag: 'wx',
    flush: true,
  });
  return signerOf(privateKey);
}

/** The key with this id, or null when its private half is not on this machine. */
export function readKey(place: AuditPlace, id: string): SigningKey | null {
  const file = privateFile(place, id);
  return existsSync(file) ? signerOf(createPrivateKey(readFileSync(file))) : null;
}

/** A key made earlier that nothing was signed with yet: a first start that was cut off leaves one. */
export function unusedKey(place: AuditPlace): SigningKey | null {
  if (!existsSync(place.keys)) return null;
  const [name] = readdirSync(place.keys)
    .filter((file) => file.endsWith(PRIVATE))
    .sort();
  return name ? readKey(place, name.slice(0, -PRIVATE.length)) : null;
}

/** Takes back a key made in an act that was not committed. */
export function forgetKey(place: AuditPlace, id: string): void {
  rmSync(privateFile(place, id), { force: true });
  rmSync(publicFile(place, id), { force: true });
}

/** A key's name is what it is: the first 16 bytes of the SHA-256 of its 32 public bytes, in hex. */
export const keyId = (raw: Buffer): string => createHash('sha256').update(raw).digest('hex').slice(0, 32);

/** Whether a signature (base64) over `bytes` was made with the private half of a public key (base64 of its 32 bytes). */
export function signedBy(publicKey: string, bytes: string, signature: string): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'base64').toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(bytes), key, Buffer.from(signature, 'base64'));
}

/** The public key as a PEM file, the form the verifier and people exchange. */
export const publicPem = (publicKey: string): string =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'base64').toString('base64url') },
    format: 'jwk',
  }).export({ type: 'spki', format: 'pem' }) as string;

const PRIVATE = '.private.pem';
const privateFile = (place: AuditPlace, id: string) => path.join(place.keys, `${id}${PRIVATE}`);
const publicFile = (place: AuditPlace, id: string) => path.join(place.keys, `${id}.public.pem`);

const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');

/** Signs with a private key at hand. */
export function signerOf(privateKey: KeyObject): SigningKey {
  const raw = rawOf(createPublicKey(privateKey));
  return {
    id: keyId(raw),
    publicKey: raw.toString('base64'),
    sign: (bytes) => sign(null, Buffer.from(bytes), privateKey).toString('base64'),
  };
}
