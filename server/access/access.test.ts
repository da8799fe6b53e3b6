import { afterAll, beforeAll, expect, test } from 'vitest';
import { permissions } from '@parley/protocol/permissions.ts';
import { TestClient, until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { permissionsOf, roles } from './roles.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function signedIn(name: string, held: string[]): Promise<Visitor & { id: string }> {
  const who = visitor(world.origin);
  const person = await world.person(name, { roles: held });
  await who.signIn(person);
  return Object.assign(who, { id: person.id });
}

const grantRole = (who: Visitor, id: string, role: string) => who.act('grantRole', { userId: id, role });
const withdrawRole = (who: Visitor, id: string, role: string) => who.act('withdrawRole', { userId: id, role });
const suspend = (who: Visitor, id: string) => who.act('suspendPeople', { ids: [id] });
const reactivate = (who: Visitor, id: string) => who.act('reactivatePeople', { ids: [id] });
const rolesOf = async (id: string) =>
  (await world.db.rows<{ role: string }>('select role from role_grants where user_id = $1 order by role', [id])).map(
    (row) => row.role,
  );
const refusals = (actor: string, action: string) =>
  world.db.rows(`select from audit_entries where outcome = 'refused' and actor_name = $1 and action = $2`, [
    actor,
    action,
  ]);

test('every role allows only what exists, owners everything, and only auditors and owners read others’ talk', () => {
  for (const allowed of Object.values(roles))
    for (const permission of allowed) expect(permissions).toHaveProperty([permission]);
  expect([...permissionsOf(['owner'])].sort()).toEqual(Object.keys(permissions).sort());
  expect(
    Object.entries(roles)
      .filter(([, allowed]) => (allowed as readonly string[]).includes('conversations.audit'))
      .map(([name]) => name),
  ).toEqual(['owner', 'auditor']);
  expect(permissionsOf(['constructor', '__proto__', 'nobody']).size).toBe(0);
});

test('a role granted or withdrawn counts at the next call, on connections that are open already', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  const device = await world.device('Gil', { roles: ['guest'] });
  expect(await device.tries('conversation:browse', {})).toBe('forbidden');
  expect((await grantRole(olga, device.userId, 'member')).code).toBeUndefined();
  expect(await rolesOf(device.userId)).toEqual(['guest', 'member']);
  expect(await device.tries('conversation:browse', {})).toBe('ok');
  expect((await withdrawRole(olga, device.userId, 'member')).code).toBeUndefined();
  expect(await rolesOf(device.userId)).toEqual(['guest']);
  expect(await device.tries('conversation:browse', {})).toBe('forbidden');
  expect(
    await world.db.rows(
      `select from audit_entries where action in ('role.granted', 'role.withdrawn') and target_name = 'Gil' and reason = 'for the test'`,
    ),
  ).toHaveLength(2);
});

test('whoever may not manage roles is refused, and the refusal is audited', async () => {
  for (const [name, held] of [
    ['Mia', ['member']],
    ['Max', ['analyst', 'member']],
    ['Moe', ['auditor']],
  ] as const) {
    const who = await signedIn(name, [...held]);
    expect((await grantRole(who, who.id, 'owner')).code).toBe('forbidden');
    expect(await refusals(name, 'mutation grantRole')).toHaveLength(1);
  }
});

test('nobody grants, withdraws or suspends beyond their own rights', async () => {
  const adam = await signedIn('Adam', ['administrator']);
  const mel = await world.person('Mel');
  expect((await grantRole(adam, mel.id, 'analyst')).code).toBeUndefined();
  for (const role of ['owner', 'auditor']) expect((await grantRole(adam, mel.id, role)).code, role).toBe('forbidden');
  expect((await grantRole(adam, adam.id, 'owner')).code).toBe('forbidden');
  const owner = await world.person('Olga');
  expect((await withdrawRole(adam, owner.id, 'owner')).code).toBe('forbidden');
  expect((await suspend(adam, owner.id)).code).toBe('forbidden');
  expect(await refusals('Adam', 'mutation suspendPeople')).toHaveLength(1);
});

test('the last owner is neither withdrawn nor suspended, also when two owners go for each other at once', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  expect((await withdrawRole(olga, olga.id, 'owner')).code).toBe('conflict');
  const oscar = await signedIn('Oscar', ['owner', 'member']);
  for (let round = 0; round < 10; round++) {
    const [one, other] = await Promise.all(
      round % 2
        ? [suspend(olga, oscar.id), suspend(oscar, olga.id)]
        : [withdrawRole(olga, oscar.id, 'owner'), withdrawRole(oscar, olga.id, 'owner')],
    );
    const left = await world.db.rows<{ name: string; id: string }>(
      `select u.name, u.id from role_grants g join users u on u.id = g.user_id where g.role = 'owner' and u.status = 'active'`,
    );
    expect(left.length, `round ${round}: ${one.code} ${other.code}`).toBeGreaterThanOrEqual(1);
    // Whoever is left restores the other for the next round.
    await world.db.rows(`update users set status = 'active' where name in ('Olga', 'Oscar')`);
    await world.db.rows(
      `insert into role_grants (user_id, role) select id, 'owner' from users where name in ('Olga', 'Oscar') on conflict do nothing`,
    );
    for (const { id } of [olga, oscar]) {
      world.app.house.events.announce([{ type: 'user.reactivated', payload: { userId: id }, actorId: null }]);
      if (round % 2 === 0)
        world.app.house.events.announce([
          { type: 'role.granted', payload: { userId: id, role: 'owner' }, actorId: null },
        ]);
    }
    await olga.signIn(await world.person('Olga'));
    await oscar.signIn(await world.person('Oscar'));
  }
});

test('somebody suspended is refused at every door at once, their socket closes, and they come back only by signing in anew', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  const device = await world.device('Sue');
  const person = await world.person('Sue');
  const rest = visitor(world.origin);
  await rest.signIn(person);
  const { refreshToken } = await visitor(world.origin, { page: null }).signIn(person, { keep: 'body' });

  expect((await suspend(olga, person.id)).code).toBeUndefined();
  expect((await rest.ask('GET', '/api/me')).body.error?.code).toBe('suspended');
  expect((await rest.graphql('{ me { id } }')).code).toBe('suspended');
  expect((await rest.ask('POST', '/api/session/refresh')).body.error?.code).toBe('suspended');
  expect((await rest.ask('POST', '/api/session/refresh', { refreshToken })).body.error?.code).toBe('suspended');
  expect(
    (await visitor(world.origin).ask('POST', '/api/session', { email: person.email, password: person.password })).body
      .error?.code,
  ).toBe('suspended');
  // Only whoever knows the password learns of it.
  expect(
    (await visitor(world.origin).ask('POST', '/api/session', { email: person.email, password: 'wrong' })).body.error
      ?.code,
  ).toBe('wrong_credentials');
  await until(() => device.socket?.connected === false, 'the socket to close');
  expect(device.others.filter(({ event }) => event === 'bye')).toHaveLength(1);
  await expect(device.connect()).rejects.toThrow(/suspended/);
  expect(await world.db.rows('select from devices where user_id = $1 and ended_at is null', [person.id])).toHaveLength(
    0,
  );

  expect((await reactivate(olga, person.id)).code).toBeUndefined();
  expect((await rest.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  const anew = await TestClient.signIn(world.origin, person);
  await anew.connect();
  anew.close();
  expect(
    await world.db.rows(
      `select from audit_entries where action in ('user.suspended', 'user.reactivated') and target_id = $1 and actor_name = 'Olga' and reason = 'for the test'`,
      [person.id],
    ),
  ).toHaveLength(2);
});

test('suspending and signing in at the same moment leaves no living device', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  const rui = await world.person('Rui');
  for (let round = 0; round < 20; round++) {
    // A sign-in between plan and act makes the plan another one; whoever decides looks again.
    const decided = async () => {
      while ((await suspend(olga, rui.id)).code === 'moved');
    };
    await Promise.all([
      decided(),
      ...Array.from({ length: 3 }, () =>
        visitor(world.origin).ask('POST', '/api/session', { email: rui.email, password: rui.password }),
      ),
    ]);
    expect(await world.db.rows('select from devices where user_id = $1 and ended_at is null', [rui.id])).toHaveLength(
      0,
    );
    expect((await reactivate(olga, rui.id)).code).toBeUndefined();
  }
});
