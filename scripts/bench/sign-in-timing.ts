import { hashPassword } from '../../server/identity/passwords.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { quantile } from './result.ts';
import { openStore } from './store.ts';

/*
 * Whether the time of a refused sign-in tells that an address has an account:
 *
 *   node scripts/run.mjs scripts/bench/sign-in-timing.ts [TRIES]
 *
 * Known and unknown addresses are tried in turn, with a wrong password and then beyond the limit, where no password is
 * looked at. A difference of medians below the spread tells nothing. Measure on a quiet machine.
 */

const tries = Number(process.argv[2] ?? 200);
const kinds = ['known', 'unknown'] as const;
type Times = Record<(typeof kinds)[number], number[]>;
let addresses = 0;

const store = await openStore();
try {
  await store.prepare(async () => undefined);
  await store.onCopy(async (databaseUrl) => {
    const env = { PARLEY_TRUST_PROXY: '1', PARLEY_LOG: 'silent', PARLEY_ROLES: 'web' };
    const world = await openWorld({ databaseUrl, clickhouseUrl: 'http://127.0.0.1:1', env });
    try {
      await measure(world);
    } finally {
      await world.close();
    }
  });
} finally {
  await store.close();
}

async function measure(world: World): Promise<void> {
  // Test people's passwords are hashed cheaply; an address without an account is checked at the full cost.
  const hash = await hashPassword('a password that is never tried');
  const known: string[] = [];
  for (let n = 0; n < tries; n++) known.push((await world.person(`Known ${n}`)).email);
  await world.db.rows('update passwords set hash = $1', [hash]);
  const unknown = known.map((_, n) => `unknown.${n}@example.com`);
  for (let n = 0; n < 20; n++) await guess(world, `warm.${n}@example.com`);

  const wrong: Times = { known: [], unknown: [] };
  const limited: Times = { known: [], unknown: [] };
  for (let n = 0; n < tries; n++) {
    for (const kind of n % 2 === 0 ? kinds : kinds.toReversed()) {
      const email = { known, unknown }[kind][n]!;
      wrong[kind].push(await guess(world, email));
      // The account's ten guesses are used up; the eleventh is refused unlooked at, and audited for the first time.
      for (let more = 1; more < 10; more++) await guess(world, email);
      limited[kind].push(await guess(world, email));
    }
  }
  tell('wrong password', wrong);
  tell('too many attempts', limited);
}

/** One refused sign-in from an address of its own; milliseconds. */
async function guess(world: World, email: string): Promise<number> {
  const n = addresses++;
  const began = performance.now();
  const answer = await fetch(`${world.origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` },
    body: JSON.stringify({ email, password: 'not the password', keep: 'body' }),
  });
  await answer.text();
  return performance.now() - began;
}

function tell(what: string, times: Times): void {
  const sides = kinds.map((kind) => {
    const [p10, median, p90] = [0.1, 0.5, 0.9].map((part) => quantile(times[kind], part)) as [number, number, number];
    return { kind, median, p10, p90 };
  });
  for (const { kind, median, p10, p90 } of sides)
    console.log(
      `${what}, ${kind}: median ${median.toFixed(2)} ms, p10 to p90 ${p10.toFixed(2)} to ${p90.toFixed(2)} ms`,
    );
  const difference = Math.abs(sides[0]!.median - sides[1]!.median);
  const spread = Math.min(...sides.map(({ p10, p90 }) => p90 - p10));
  console.log(`${what}: difference of medians ${difference.toFixed(2)} ms, spread ${spread.toFixed(2)} ms`);
}
