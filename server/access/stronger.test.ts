import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acts } from '../doors/graphql-acts.ts';
import { newId } from '../kernel/ids.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { roleNames, type Role } from './roles.ts';

/*
 * An administrator tries the administrative acts on a weaker, an equal and a stronger person. Every act there is must
 * be in one of the two tables below: an act on a person that is added and not tried fails the first test.
 */

let world: World;
let adam: Visitor;
let otto: Visitor;
beforeAll(async () => {
  world = await openWorld();
  [adam, otto] = [visitor(world.origin), visitor(world.origin)];
  await adam.signIn(await world.person('Adam', { roles: ['administrator'] }));
  await otto.signIn(await world.person('Otto', { roles: ['owner'] }));
  await world.person('Olga', { roles: ['owner'] });
});
afterAll(() => world?.close());

type Target = { id: string; deviceId: string; departmentId: string };
/** `status`: what the person must be for the act to make sense. */
type Try = { status?: 'active' | 'invited' | 'suspended'; words(target: Target): Record<string, unknown> };

const onPeople: Record<string, Try[]> = {
  editPerson: [
    { words: ({ id }) => ({ id, name: 'Another name' }) },
    { words: ({ id }) => ({ id, title: 'Another title' }) },
    { words: ({ id }) => ({ id, departmentId: '' }) },
    { words: ({ id }) => ({ id, locale: 'zh-CN' }) },
  ],
  suspendPeople: [{ words: ({ id }) => ({ ids: [id] }) }],
  reactivatePeople: [{ status: 'suspended', words: ({ id }) => ({ ids: [id] }) }],
  inviteAgain: [{ status: 'invited', words: ({ id }) => ({ id }) }],
  endDevices: [{ words: ({ deviceId }) => ({ ids: [deviceId] }) }],
  grantRole: [{ words: ({ id }) => ({ userId: id, role: 'analyst' }) }],
  withdrawRole: [{ words: ({ id }) => ({ userId: id, role: 'member' }) }],
  resetPassword: [{ words: ({ id }) => ({ id }) }],
  deleteDepartment: [{ words: ({ departmentId }) => ({ id: departmentId, moveUp: true }) }],
};
/** Acts on something else than a person who is there. */
const onOthers = [
  'invitePerson',
  'createDepartment',
  'renameDepartment',
  'moveDepartment',
  'changeSetting',
  'exportAudit',
];

async function makeTarget(roles: Role[], status = 'active'): Promise<Target> {
  const [id, deviceId, departmentId] = [newId(), newId(), newId()];
  await world.db.rows('insert into departments (id, name) values ($1::uuid, $1)', [departmentId]);
  await world.db.rows(
    `insert into users (id, kind, name, email, department_id, status, invited_at) values ($1::uuid, 'person', 'Target', $1::uuid || '@example.com', $2, $3, case when $3 = 'invited' then now() end)`,
    [id, departmentId, status],
  );
  await world.db.rows('insert into role_grants (user_id, role) select $1, unnest($2::text[])', [id, roles]);
  await world.db.rows(`insert into devices (id, user_id, name, refresh_hash) values ($1, $2, 'phone', 'x')`, [
    deviceId,
    id,
  ]);
  return { id, deviceId, departmentId };
}

const strengths: { name: string; roles: Role[]; stronger: boolean }[] = [
  { name: 'weaker', roles: ['member'], stronger: false },
  { name: 'equal', roles: ['administrator', 'member'], stronger: false },
  { name: 'stronger', roles: ['owner', 'member'], stronger: true },
  { name: 'strong in another way', roles: ['auditor', 'member'], stronger: true },
];

test('every administrative act is tried, or is not about a person', () => {
  expect([...Object.keys(onPeople), ...onOthers].sort()).toEqual([...acts.keys()].sort());
});

describe.each(Object.entries(onPeople))('%s by an administrator', (act, tries) => {
  test.each(strengths)('on a person who is $name', async ({ roles, stronger }) => {
    for (const { status, words } of tries) {
      const said = words(await makeTarget(roles, status));
      expect((await adam.act(act, said)).code, JSON.stringify(said)).toBe(stronger ? 'forbidden' : undefined);
    }
  });

  test('and by an owner on everybody', async () => {
    for (const { roles } of strengths)
      for (const { status, words } of tries)
        expect((await otto.act(act, words(await makeTarget(roles, status)))).code).toBeUndefined();
  });
});

test('a device ended over REST asks the same as the act', async () => {
  const [owner, member] = [await makeTarget(['owner']), await makeTarget(['member'])];
  const end = async ({ deviceId }: Target) => (await adam.ask('DELETE', `/api/session/devices/${deviceId}`)).status;
  expect([await end(owner), await end(member)]).toEqual([403, 204]);
});

describe('a name and title by which a person would be taken for a stronger one', () => {
  const faces = [
    ['the same', 'Ada Lovelace', 'Chief'],
    ['in another case', 'ADA lovelace', 'chief'],
    ['with more spaces', 'Ada   Lovelace', 'Chief'],
    ['with a no-break space', 'Ada\u00a0Lovelace', 'Chief'],
    ['in full width', 'Ａｄａ Lovelace', 'Ｃｈｉｅｆ'],
    ['with mathematical letters', '𝐀da Lovelace', 'Chief'],
  ] as const;

  beforeAll(async () => {
    const { id } = await makeTarget(['owner']);
    await world.db.rows(`update users set name = 'Ada Lovelace', title = 'Chief' where id = $1`, [id]);
  });

  test.each(faces)(
    '%s is refused to an administrator: for others, themselves, and people they invite',
    async (_, name, title) => {
      const member = await makeTarget(['member']);
      expect((await adam.act('editPerson', { id: member.id, name, title })).code).toBe('forbidden');
      const { id } = await world.person('Adam');
      expect((await adam.act('editPerson', { id, name, title })).code).toBe('forbidden');
      expect((await adam.act('invitePerson', { name, title, email: `${newId()}@example.com` })).code).toBe('forbidden');
    },
  );

  // No name may hold them.
  test.each([
    ['a sign that shows nothing', 'Ada Love\u200blace', 'Chief\u2060'],
    ['a soft hyphen', 'Ada Love\u00adlace', 'Chief'],
    ['a direction mark', '\u202aAda Lovelace\u202c', 'Chief'],
    ['a variation selector', 'Ada\ufe0f Lovelace', 'Chief'],
  ])('with %s is malformed: for others, themselves, and people they invite', async (_, name, title) => {
    const member = await makeTarget(['member']);
    expect((await adam.act('editPerson', { id: member.id, name, title })).code).toBe('malformed');
    const { id } = await world.person('Adam');
    expect((await adam.act('editPerson', { id, name, title })).code).toBe('malformed');
    expect((await adam.act('invitePerson', { name, title, email: `${newId()}@example.com` })).code).toBe('malformed');
  });

  test('in two steps is refused as in one', async () => {
    const { id } = await makeTarget(['member']);
    expect((await adam.act('editPerson', { id, name: 'Ada Lovelace' })).code).toBeUndefined();
    expect((await adam.act('editPerson', { id, title: 'Chief' })).code).toBe('forbidden');
  });

  test('is given by an owner, and a namesake with another title by anybody', async () => {
    const { id } = await makeTarget(['member']);
    expect((await adam.act('editPerson', { id, name: 'Ada Lovelace', title: 'Baker' })).code).toBeUndefined();
    expect((await otto.act('editPerson', { id, title: 'Chief' })).code).toBeUndefined();
  });
});

test('every role is weaker, equal or stronger than an administrator as the tables say', () => {
  expect(roleNames.toSorted()).toEqual(['administrator', 'analyst', 'auditor', 'guest', 'member', 'owner']);
});
