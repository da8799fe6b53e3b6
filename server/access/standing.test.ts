import { afterAll, beforeAll, expect, test } from 'vitest';
import { authority } from '../kernel/authority.ts';
import { newId } from '../kernel/ids.ts';
import { signAccess } from '../identity/access-token.ts';
import { identity } from '../identity/identity.ts';
import { visitor, type ActAnswer, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * The actor's standing is read again in the transaction of every administrative act: of two people who take each
 * other's standing at the same moment one succeeds, and a plan of an actor demoted since is refused.
 */

const races = 100;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.person('Third', { roles: ['owner'] });
});
afterAll(() => world?.close());

type Owner = Visitor & { id: string; deviceId: string };

/** Two owners, each signed in on a device, who were never met before. */
const freshOwners = async (): Promise<[Owner, Owner]> => [await freshOwner(), await freshOwner()];

async function freshOwner(): Promise<Owner> {
  const [userId, deviceId] = [newId(), newId()];
  await world.db.rows(
    `with u as (insert into users (id, kind, name, email) values ($1::uuid, 'person', 'Owner', $1::uuid || '@example.com')),
          g as (insert into role_grants (user_id, role) values ($1::uuid, 'owner'))
     insert into devices (id, user_id, name, refresh_hash) values ($2, $1::uuid, 'laptop', 'x')`,
    [userId, deviceId],
  );
  const token = await signAccess(world.app.house.parts.use(identity).keys, {
    userId,
    deviceId,
    generation: 1,
    keyThumbprint: null,
  });
  return Object.assign(visitor(world.origin, { token }), { id: userId, deviceId });
}

const takings: { name: string; act: string; words(other: Owner): Record<string, unknown>; refused: string[] }[] = [
  { name: 'suspending', act: 'suspendPeople', words: ({ id }) => ({ ids: [id] }), refused: ['suspended'] },
  {
    name: 'withdrawing the role of',
    act: 'withdrawRole',
    words: ({ id }) => ({ userId: id, role: 'owner' }),
    refused: ['forbidden'],
  },
  {
    name: 'ending the device of',
    act: 'endDevices',
    words: ({ deviceId }) => ({ ids: [deviceId] }),
    refused: ['session_ended'],
  },
];

test.each(takings)('two owners $name each other at once: one act commits', { timeout: 600_000 }, async (taking) => {
  const { act, words, refused } = taking;
  const outcomes: Record<string, number> = {};
  for (let race = 0; race < races; race++) {
    const [one, two] = await freshOwners();
    // Both plans are made first: what remains is the moment of applying.
    const planned = await Promise.all([one.askAct(act, words(two)), two.askAct(act, words(one))]);
    const apply = (who: Owner, other: Owner, plan: ActAnswer) =>
      who.askAct(act, words(other), { reason: 'a race', previewToken: plan.token! });
    const answers = await Promise.all([apply(one, two, planned[0]), apply(two, one, planned[1])]);
    const codes = answers.map(({ code }) => code ?? 'done').sort();
    outcomes[codes.join(' ')] = (outcomes[codes.join(' ')] ?? 0) + 1;
    // Who comes second is refused in the transaction, or already at the door.
    expect(
      codes.filter((code) => code === 'done'),
      `race ${race}: ${codes.join(' ')}`,
    ).toHaveLength(1);
    expect(refused, `race ${race}: ${codes.join(' ')}`).toContain(codes.find((code) => code !== 'done'));
  }
  expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(races);
});

test('a plan of an actor demoted since is refused, also if only the database knows', async () => {
  const [olga, target] = [visitor(world.origin), await world.person('Target')];
  const person = await world.person('Demoted', { roles: ['administrator'] });
  await olga.signIn(person);
  const plan = await olga.askAct('suspendPeople', { ids: [target.id] });
  expect(plan.token).toBeDefined();
  // Behind the back of this process, as another one would: only the database knows.
  const who = world.app.house.parts.use(authority);
  const identify = who.identify;
  const remembered = await identify((await olga.signIn(person)).accessToken);
  who.identify = async () => remembered;
  try {
    await world.db.rows('delete from role_grants where user_id = $1', [person.id]);
    const answer = await olga.askAct('suspendPeople', { ids: [target.id] }, { reason: 'x', previewToken: plan.token! });
    expect(answer.code).toBe('forbidden');
  } finally {
    who.identify = identify;
  }
  expect(await world.db.rows(`select from users where id = $1 and status = 'active'`, [target.id])).toHaveLength(1);
  expect(
    await world.db.rows(
      `select from audit_entries where outcome = 'refused' and actor_id = $1 and action = 'mutation suspendPeople'`,
      [person.id],
    ),
  ).toHaveLength(1);
});
