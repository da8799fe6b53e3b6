import * as fc from 'fast-check';
import { roleNames, type Role } from '../access/roles.ts';
import type { Database } from '../kernel/database.ts';

/*
 * Random organisations, and for every administrative act of the schema what one might ask of it in one of them. An act that is missing here makes
 * the proof of honest previews fail, so that nobody adds one unproven.
 */

export type SomeDepartment = { id: string; name: string; parentId: string | null };
export type SomeDevice = { id: string; name: string };
export type SomePerson = {
  id: string;
  name: string;
  kind: 'person' | 'guest' | 'bot' | 'imported';
  status: 'active' | 'invited' | 'suspended';
  roles: Role[];
  departmentId: string | null;
  devices: SomeDevice[];
};
export type Organisation = {
  departments: SomeDepartment[];
  people: SomePerson[];
  settings: { name: string; value: unknown }[];
};
type Args = Record<string, unknown>;
/** Something that happens between preview and apply, and the name a refusal must say because of it. */
type Move = { sql: string; params: unknown[]; names: string };

export type Askable = {
  args: (organisation: Organisation) => fc.Arbitrary<Args> | null;
  /** null: nothing in the world can make this act do something else. */
  move: null | ((organisation: Organisation, args: Args) => Move);
};

/** Names that break what builds text from text. */
const names = fc.constantFrom(
  'Ada',
  '王小明',
  'new 1',
  'a:b',
  `O'Hara; --`,
  '<b>Bo</b>',
  '%_\\',
  'Zoë 👩‍🚀',
  'null',
  'a time',
  '{}',
);
const someId = fc.uuid({ version: 7 });

export const organisation: fc.Arbitrary<Organisation> = fc
  .tuple(
    fc.array(fc.tuple(someId, names, fc.nat()), { maxLength: 6 }),
    fc.array(
      fc.record({
        id: someId,
        name: names,
        kind: fc.constantFrom(
          'person' as const,
          'person' as const,
          'guest' as const,
          'bot' as const,
          'imported' as const,
        ),
        status: fc.constantFrom('active' as const, 'active' as const, 'invited' as const, 'suspended' as const),
        roles: fc.subarray(roleNames),
        place: fc.nat(),
        devices: fc.array(someId, { maxLength: 2 }),
      }),
      { minLength: 4, maxLength: 8 },
    ),
    fc.boolean(),
  )
  .map(([departments, people, named]) => {
    const tree = departments.map(([id, name, above], n) => ({
      id,
      name: `${name} ${n}`,
      parentId: n > 0 && above % 3 ? departments[above % n]![0] : null,
    }));
    return {
      departments: tree,
      people: people.map(({ place, devices, ...person }, n) => ({
        ...person,
        name: `${person.name} ${n}`,
        departmentId: tree.length > 0 && place % 4 ? tree[place % tree.length]!.id : null,
        devices: devices.map((id, m) => ({ id, name: `device ${n}.${m}` })),
      })),
      settings: named ? [{ name: 'organisation', value: 'Before' }] : [],
    };
  });

const one = <T>(list: readonly T[]) => (list.length > 0 ? fc.constantFrom(...list) : null);
const some = <T extends { id: string }>(list: readonly T[]) =>
  list.length > 0
    ? fc
        .subarray(
          list.map(({ id }) => id),
          { minLength: 1 },
        )
        .map((ids) => ({ ids }))
    : null;
const person = ({ people }: Organisation, { id, ids }: Args) =>
  people.find((each) => each.id === (id ?? (ids as string[])[0]))!;
const department = ({ departments }: Organisation, { id }: Args) => departments.find((each) => each.id === id)!;
const place = ({ departments }: Organisation) =>
  fc.option(fc.constantFrom('', ...departments.map(({ id }) => id)), { nil: undefined });
const withStatus = (status: string) => (all: Organisation, args: Args) => {
  const { id, name } = person(all, args);
  return { sql: 'update users set status = $2 where id = $1', params: [id, status], names: name };
};

/** What one might ask of each act, by its name. */
export const askable: Record<string, Askable> = {
  invitePerson: {
    args: (all) =>
      fc.record({
        name: names,
        email: fc.constantFrom('one@example.com', 'two@example.com'),
        title: fc.constantFrom('', 'Baker'),
        departmentId: place(all),
        roles: fc.subarray(roleNames, { minLength: 1 }),
      }),
    move: (_all, { name, email }) => ({
      sql: `insert into users (id, kind, name, email) values (gen_random_uuid(), 'person', 'Somebody', upper($1))`,
      params: [email],
      names: name as string,
    }),
  },
  inviteAgain: {
    args: ({ people }) => one(people.filter(({ status }) => status === 'invited'))?.map(({ id }) => ({ id })) ?? null,
    move: withStatus('active'),
  },
  resetPassword: {
    args: ({ people }) =>
      one(people.filter(({ kind, status }) => kind !== 'imported' && kind !== 'bot' && status === 'active'))?.chain(
        ({ id }) => fc.record({ id: fc.constant(id), endAccess: fc.boolean() }),
      ) ?? null,
    move: withStatus('suspended'),
  },
  editPerson: {
    args: (all) =>
      one(all.people)?.chain(({ id }) =>
        fc.record({
          id: fc.constant(id),
          name: names.map((name) => `${name} anew`),
          title: fc.constantFrom('', 'Baker'),
          departmentId: place(all),
          locale: fc.constantFrom('en', 'zh-CN'),
        }),
      ) ?? null,
    move: (all, args) => ({
      sql: `update users set name = 'Somebody else' where id = $1`,
      params: [args['id']],
      names: person(all, args).name,
    }),
  },
  suspendPeople: {
    args: ({ people }) => some(people.filter(({ kind, status }) => kind !== 'imported' && status !== 'suspended')),
    move: withStatus('suspended'),
  },
  reactivatePeople: {
    args: ({ people }) => some(people.filter(({ status }) => status === 'suspended')),
    move: withStatus('active'),
  },
  grantRole: {
    args: ({ people }) =>
      one(
        people.flatMap((each) =>
          roleNames
            .filter((role) => each.kind !== 'imported' && !each.roles.includes(role))
            .map((role) => ({ userId: each.id, role })),
        ),
      ),
    move: ({ people }, { userId, role }) => ({
      sql: 'insert into role_grants (user_id, role) values ($1, $2)',
      params: [userId, role],
      names: people.find(({ id }) => id === userId)!.name,
    }),
  },
  withdrawRole: {
    args: ({ people }) => one(people.flatMap(({ id, roles }) => roles.map((role) => ({ userId: id, role })))),
    move: ({ people }, { userId, role }) => ({
      sql: 'delete from role_grants where user_id = $1 and role = $2',
      params: [userId, role],
      names: people.find(({ id }) => id === userId)!.name,
    }),
  },
  createDepartment: {
    args: (all) => fc.record({ name: names, parentId: place(all) }),
    move: (_all, { name, parentId }) => ({
      sql: 'insert into departments (id, name, parent_id) values (gen_random_uuid(), $1, $2)',
      params: [name, parentId || null],
      names: name as string,
    }),
  },
  renameDepartment: {
    args: ({ departments }) =>
      one(departments)?.chain(({ id }) => names.map((name) => ({ id, name: `${name} anew` }))) ?? null,
    move: (all, args) => ({
      sql: `update departments set name = 'Something else' where id = $1`,
      params: [args['id']],
      names: department(all, args).name,
    }),
  },
  moveDepartment: {
    args: ({ departments }) =>
      one(
        departments.flatMap((each) =>
          ['', ...departments.map(({ id }) => id)]
            .filter((id) => id !== (each.parentId ?? '') && !isBelow(departments, id, each.id))
            .map((parentId) => ({ id: each.id, parentId })),
        ),
      ),
    move: (all, args) => ({
      sql: `update departments set name = 'Something else' where id = $1`,
      params: [args['id']],
      names: department(all, args).name,
    }),
  },
  deleteDepartment: {
    args: ({ departments }) => one(departments)?.map(({ id }) => ({ id, moveUp: true })) ?? null,
    move: (_all, { id }) => ({
      sql: `insert into users (id, kind, name, department_id) values (gen_random_uuid(), 'person', 'A newcomer', $1)`,
      params: [id],
      names: 'A newcomer',
    }),
  },
  endDevices: {
    args: ({ people }) => some(people.flatMap(({ devices }) => devices)),
    move: ({ people }, { ids }) => {
      const device = people.flatMap(({ devices }) => devices).find(({ id }) => id === (ids as string[])[0])!;
      return { sql: 'update devices set ended_at = now() where id = $1', params: [device.id], names: device.name };
    },
  },
  changeSetting: {
    args: () =>
      fc.oneof(
        names.map((value) => ({ name: 'organisation', value })),
        fc.constant({ name: 'evaluation', value: true }),
        fc.constant({ name: 'keepRevisions', value: 'none' }),
        fc.constantFrom('sender', 'none').map((value) => ({ name: 'readRevisions', value })),
      ),
    move: (_all, { name, value }) => ({
      sql: 'insert into settings (name, value) values ($1, $2::jsonb) on conflict (name) do update set value = excluded.value',
      params: [name, JSON.stringify(name === 'organisation' ? 'Since then' : value)],
      names: name as string,
    }),
  },
  // Whatever the log holds by then, the same export is begun.
  exportAudit: {
    args: () => fc.constantFrom<Args>({}, { from: 2 }, { from: 1, to: 7 }, { since: '2020-01-01T00:00:00Z' }),
    move: null,
  },
};

function isBelow(departments: SomeDepartment[], id: string, above: string): boolean {
  for (let at: string | null | undefined = id; at; at = departments.find((each) => each.id === at)?.parentId)
    if (at === above) return true;
  return false;
}

/** Makes the database hold exactly this organisation, beside the people who stay. */
export async function settle(
  db: Database,
  { departments, people, settings }: Organisation,
  staying: readonly string[],
): Promise<void> {
  await db.rows('update users set department_id = null');
  await db.rows('delete from users where id <> all ($1::uuid[])', [staying]);
  for (const table of ['departments', 'settings', 'tasks', 'keys_due']) await db.rows(`delete from ${table}`);
  for (const { id, name, parentId } of departments)
    await db.rows('insert into departments (id, name, parent_id) values ($1, $2, $3)', [id, name, parentId]);
  for (const { id, name, kind, status, roles, departmentId, devices } of people) {
    await db.rows(
      `insert into users (id, kind, status, name, email, department_id, invited_at) values ($1, $2, $3, $4, $5, $6, case when $3 = 'invited' then now() end)`,
      [id, kind, status, name, kind === 'imported' ? null : `${id}@example.com`, departmentId],
    );
    await db.rows('insert into role_grants (user_id, role) select $1, unnest($2::text[])', [id, roles]);
    for (const device of devices)
      await db.rows(`insert into devices (id, user_id, name, refresh_hash) values ($1, $2, $3, 'x')`, [
        device.id,
        id,
        device.name,
      ]);
    if (status === 'invited')
      await db.rows(
        `insert into invitations (id, user_id, hash, expires_at) values (gen_random_uuid(), $1, $2, now() + interval '1 day')`,
        [id, Buffer.from(id)],
      );
  }
  for (const { name, value } of settings)
    await db.rows('insert into settings (name, value) values ($1, $2)', [name, JSON.stringify(value)]);
}
