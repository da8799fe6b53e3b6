import { now } from '../kernel/clock.ts';
import { newSecret } from '../kernel/ids.ts';
import { hmac, same, type Keys } from './keys.ts';

/*
 * A browser in which somebody has signed in before says so with a signed mark: `<since>.<nonce>.<person's signature>…`. It opens nothing. It
 * only keeps strangers who guess at a person's password from using up the attempts of that person's own browser.
 * The signature covers when the password was last changed, so that a new password makes old marks worthless.
 */

const lifeMs = 400 * 24 * 3_600_000;
const people = 8;

export type Account = { userId: string; passwordChangedAt: Date };

/** Names the browser if it is known to this account; null for any other. */
export function knownAs(keys: Keys, mark: string | undefined, account: Account | null): string | null {
  if (!mark || !account) return null;
  const { since, nonce, signatures } = read(mark);
  if (!nonce || !(now() - since < lifeMs)) return null;
  const ours = Buffer.from(sign(keys, since, nonce, account));
  return signatures.some((one) => same(Buffer.from(one), ours)) ? nonce : null;
}

/** The mark after this account has signed in: it keeps the last few others of a shared browser. */
export function markFor(keys: Keys, mark: string | undefined, account: Account): string {
  const old = read(mark ?? '');
  const kept =
    old.nonce && now() - old.since < lifeMs / 2 ? old : { since: now(), nonce: newSecret(12), signatures: [] };
  const own = sign(keys, kept.since, kept.nonce, account);
  return [
    kept.since.toString(36),
    kept.nonce,
    own,
    ...kept.signatures.filter((one) => one !== own).slice(0, people - 1),
  ].join('.');
}

function read(mark: string): { since: number; nonce: string; signatures: string[] } {
  const [since = '', nonce = '', ...signatures] = mark.slice(0, 1_000).split('.');
  const at = parseInt(since, 36);
  return Number.isFinite(at) && /^[\w-]{16}$/.test(nonce)
    ? { since: at, nonce, signatures: signatures.filter((one) => /^[\w-]{22}$/.test(one)).slice(0, people) }
    : { since: 0, nonce: '', signatures: [] };
}

const sign = (keys: Keys, since: number, nonce: string, { userId, passwordChangedAt }: Account) =>
  hmac(keys.knownDevice, String(since), nonce, userId, String(passwordChangedAt.getTime()))
    .subarray(0, 16)
    .toString('base64url');
