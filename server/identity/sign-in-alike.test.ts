import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdClock } from '../kernel/clock.ts';
import { writeBursts } from '../kernel/refusals.ts';
import { visitor } from '../testing/http.ts';
import { statementsOf } from '../testing/statements.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Whether an address has an account is told by nothing: not by the answer, and not by the work behind it, which takes
 * time. The time itself is measured by scripts/bench/sign-in-timing.ts.
 */

let world: World;
let letGo: () => void;
beforeAll(async () => {
  // Nothing else may ask the database meanwhile: no worker runs, and no minute ends.
  world = await openWorld({ env: { PARLEY_TRUST_PROXY: '1', PARLEY_ROLES: 'web' } });
  const at = Date.now();
  letGo = holdClock(() => at);
});
afterAll(async () => {
  letGo();
  await world.close();
});

/** All guesses come from one address, as a prober's do. */
const guess = (email: string) =>
  visitor(world.origin, { page: null, address: '10.1.0.1' }).ask('POST', '/api/session', {
    email,
    password: 'not the password',
    keep: 'body',
  });

/** Every statement of so many guesses at one account, one after the other. */
async function workOf(email: string, guesses: number): Promise<{ codes: unknown[]; statements: string[][] }> {
  const codes: unknown[] = [];
  const statements: string[][] = [];
  for (let n = 0; n < guesses; n++) {
    const asked = await statementsOf(() => guess(email));
    codes.push(asked.result.body.error?.code);
    statements.push(asked.statements.map(({ text }) => text));
  }
  return { codes, statements };
}

async function accounts(): Promise<Record<string, string>> {
  const [ada, ben, carl] = [await world.person('Ada'), await world.person('Ben'), await world.person('Carl')];
  await world.db.rows(`update users set status = 'suspended' where id = $1`, [ben.id]);
  await world.db.rows(`update users set status = 'invited' where id = $1`, [carl.id]);
  await world.db.rows(`delete from passwords where user_id = $1`, [carl.id]);
  const bot = await world.person('Botty', { kind: 'bot' });
  return { active: ada.email, suspended: ben.email, invited: carl.email, bot: bot.email };
}

test('wrong guesses run the same statements for an account or none, past the limit too', async () => {
  // The first transaction of a connection sets it up.
  await workOf('warm.up@example.com', 1);
  const none = await workOf('no.account@example.com', 8);
  expect(none.codes).toEqual([...Array<string>(5).fill('wrong_credentials'), 'limited', 'limited', 'limited']);
  expect(none.statements[0]!.filter((text) => /insert into audit_entries/.test(text))).toHaveLength(1);
  expect(none.statements[5]!.filter((text) => /insert into audit_entries/.test(text))).toHaveLength(1);
  const others = { ...(await accounts()), 'none either': 'none.either@example.com' };
  for (const [kind, email] of Object.entries(others)) expect(await workOf(email, 8), kind).toEqual(none);
});

test('the audit counts guesses exactly, for accounts and for unknown addresses', async () => {
  const dora = await world.person('Dora');
  const emil = await world.person('Emil');
  const audited = async () => {
    await writeBursts(world.app.house, true);
    const rows = await world.db.rows<{ reason: string; target: string | null; total: number }>(
      `select reason, target_name as target, sum(count)::int as total from audit_entries where action = 'session.started' and outcome = 'refused'
       group by 1, 2`,
    );
    return Object.fromEntries(rows.map(({ reason, target, total }) => [`${target}: ${reason}`, total]));
  };
  const before = await audited();
  for (const email of [dora.email, emil.email, 'no.one@example.com', 'nor.this@example.com']) await workOf(email, 7);
  const after = await audited();
  const more = (line: string) => (after[line] ?? 0) - (before[line] ?? 0);
  expect([more('Dora: wrong password'), more('Dora: too many attempts')]).toEqual([5, 2]);
  expect([more('Emil: wrong password'), more('Emil: too many attempts')]).toEqual([5, 2]);
  expect([more('null: wrong password: no such account'), more('null: too many attempts: no such account')]).toEqual([
    10, 4,
  ]);
});
