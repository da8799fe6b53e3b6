import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf } from '../doors/origin.ts';
import { Refused } from '../kernel/errors.ts';
import { hmac, type Keys } from './keys.ts';

/*
 * How often a password may be guessed. Counted in this process's memory: with n processes the numbers are n times as
 * large, which is still few.
 * 1. An address: `perMinute` attempts, whatever accounts they name, counted apart for each route.
 * 2. An account from one address: 5 wrong guesses in 15 minutes.
 * 3. An account from everywhere: 10 wrong guesses in 15 minutes.
 * 4. A browser the account has signed in from: 10 wrong guesses of its own, and nothing of the above. So strangers who
 *    use up 1, 2 and 3 do not lock the person out of a browser they know.
 * An attempt is charged before the password is looked at, so that guesses sent at once cannot slip through together, and given back when it
 * was right. Accounts that do not exist are charged alike. An address has a few attempts under way and the others wait,
 * so that an office whose people all sign in at nine is never charged for more of them than these few.
 */
export type SignInLimits = {
  /** Refuses at once, before anything is read, when the address has no attempt left. */
  requireLeft(route: Knock, address: string): Promise<void>;
  /** Waits for the address's turn and charges it. `leave` must follow. */
  enter(route: Knock, address: string): Promise<Visit>;
  /** Charges the address for a secret that was wrong. */
  knock(route: Knock, address: string): Promise<void>;
  /** Charges a guess at an account; `limited` when none is left. `known` names the browser if the account knows it. */
  attempt(from: { address: string; email: string; known: string | null }): Promise<{ forgive(): Promise<void> }>;
};

export type Knock = 'session' | 'invitation' | 'password-reset' | 'set-up';
export type Visit = { forgive(): Promise<void>; leave(): void };

const quarter = 15 * 60;
/** Attempts of one address that run at once, and that may wait. */
const atOnce = 8;
const mostWaiting = 100;

export function createSignInLimits(keys: Keys, perMinute: number): SignInLimits {
  const perRoute = (route: Knock) => new RateLimiterMemory({ keyPrefix: route, points: perMinute, duration: 60 });
  const byAddress: Record<Knock, RateLimiterMemory> = {
    session: perRoute('session'),
    invitation: perRoute('invitation'),
    'password-reset': perRoute('password-reset'),
    'set-up': perRoute('set-up'),
  };
  const byPair = new RateLimiterMemory({ keyPrefix: 'pair', points: 5, duration: quarter });
  const byAccount = new RateLimiterMemory({ keyPrefix: 'account', points: 10, duration: quarter });
  const byBrowser = new RateLimiterMemory({ keyPrefix: 'browser', points: 10, duration: quarter });
  const lines = new Map<string, { running: number; waiting: (() => void)[] }>();

  async function requireLeft(route: Knock, address: string): Promise<void> {
    const seen = await byAddress[route].get(networkOf(address));
    if (seen && seen.remainingPoints <= 0) throw limited(seen.msBeforeNext);
  }

  /** Stands in the address's line; returns how to leave it. */
  async function stand(key: string): Promise<() => void> {
    const line = lines.get(key) ?? { running: 0, waiting: [] };
    lines.set(key, line);
    if (line.running < atOnce) line.running++;
    else if (line.waiting.length >= mostWaiting) throw limited(2_000);
    else await new Promise<void>((resolve) => line.waiting.push(resolve));
    return () => {
      const next = line.waiting.shift();
      if (next) next();
      else if (--line.running === 0) lines.delete(key);
    };
  }

  return {
    requireLeft,
    knock: (route, address) => charge(byAddress[route], networkOf(address)),
    async enter(route, address) {
      await requireLeft(route, address);
      const key = networkOf(address);
      const leave = await stand(`${route} ${key}`);
      try {
        await charge(byAddress[route], key);
      } catch (error) {
        leave();
        throw error;
      }
      return { leave, forgive: async () => void (await byAddress[route].reward(key, 1)) };
    },
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
    throw limited(left.msBeforeNext);
  }
}

const limited = (waitMs: number) =>
  new Refused('limited', 'Too many attempts to sign in. Wait a little and try again.', {
    retryAfter: Math.max(1_000, waitMs),
  });
