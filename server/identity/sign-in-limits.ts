import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Refused } from '../kernel/errors.ts';
import { hmac, type Keys } from './keys.ts';

/*
 * How often somebody may guess. Counted in this process's memory: with n processes the numbers are n times as large, which is still few.
 * 1. An address: `perMinute` attempts, whatever accounts they name.
 * 2. An account from one address: 5 wrong guesses in 15 minutes.
 * 3. An account from everywhere: 10 wrong guesses in 15 minutes. Only browsers unknown to the account are counted and stopped by 2 and 3.
 * 4. A browser the account has signed in from: 10 wrong guesses of its own. So strangers who use up 2 and 3 do not lock the person out.
 * An attempt is charged before the password is looked at, so that guesses sent at once cannot slip through together, and given back when it
 * was right. Accounts that do not exist are charged alike.
 */
export type SignInLimits = {
  /** Charges an attempt; `limited` when none is left. `known` names the browser if the account knows it. */
  attempt(from: { address: string; email: string; known: string | null }): Promise<{ forgive(): Promise<void> }>;
  /** Charges a look at the door itself, before anything is read. */
  knock(address: string): Promise<void>;
};

const quarter = 15 * 60;

export function createSignInLimits(keys: Keys, perMinute: number): SignInLimits {
  const byAddress = new RateLimiterMemory({ keyPrefix: 'address', points: perMinute, duration: 60 });
  const byPair = new RateLimiterMemory({ keyPrefix: 'pair', points: 5, duration: quarter });
  const byAccount = new RateLimiterMemory({ keyPrefix: 'account', points: 10, duration: quarter });
  const byBrowser = new RateLimiterMemory({ keyPrefix: 'browser', points: 10, duration: quarter });
  return {
    knock: (address) => charge(byAddress, networkOf(address)),
    async attempt({ address, email, known }) {
      // Names of accounts are not kept in memory as they were typed: people type passwords into the wrong field.
      const account = hmac(keys.names, email).toString('base64url');
      const charges: [RateLimiterMemory, string][] = known
        ? [[byBrowser, `${account} ${known}`]]
        : [
            [byPair, `${account} ${networkOf(address)}`],
            [byAccount, account],
          ];
      for (const [limiter, key] of charges) await charge(limiter, key);
      return {
        async forgive() {
          for (const [limiter, key] of charges) await limiter.reward(key, 1);
        },
      };
    },
  };
}

async function charge(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key, 1);
  } catch (left) {
    if (!(left instanceof RateLimiterRes)) throw left;
    throw new Refused('limited', 'Too many attempts to sign in. Wait a little and try again.', {
      retryAfter: Math.max(1_000, left.msBeforeNext),
    });
  }
}

/** An address as limits count it: whoever has one IPv6 address has a whole /64 of them. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('%')[0]!.split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const groups =
    tail === undefined
      ? front
      : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
