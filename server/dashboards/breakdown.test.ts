import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import { until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/* Whether the numbers are right is numbers.test.ts's business; here is how they are asked for, and what is refused. */

let world: World;
let priya: Visitor;
const top = newId();
const teams = Array.from({ length: 12_000 }, () => newId());
beforeAll(async () => {
  world = await openWorld();
  await world.db.rows(`insert into departments (id, name) values ($1, 'The wide one')`, [top]);
  await world.db.rows(
    `insert into departments (id, name, parent_id) select id, 'Team ' || n, $2 from unnest($1::uuid[]) with ordinality as t (id, n)`,
    [teams, top],
  );
  const [ada, ben] = [await world.device('Ada'), await world.device('Ben')];
  for (const [name, team] of [
    ['Ada', teams[7]],
    ['Ben', teams[11_999]],
  ])
    await world.db.rows('update users set department_id = $2 where name = $1', [name, team]);
  const room = await ada.group('room', [ben]);
  for (const body of ['one', 'two']) await ada.says(body, { in: room });
  await ben.says('three', { in: room });
  priya = visitor(world.origin);
  await priya.signIn(await world.person('Priya', { roles: ['analyst'] }));
});
afterAll(() => world.close());

type Breakdown = {
  total: number;
  path: { id: string; name: string }[];
  departments: { departmentId: string | null; scope: string; name: string | null; value: number }[];
  departmentsLeft: number;
  kinds: { kind: string; value: number }[];
};
const always = { id: 'messages.sent', from: '2020-01-01', to: '2039-01-01', timeZone: 'Europe/Berlin' };
const ask = (more: Record<string, unknown> = {}, who = priya) =>
  who.graphql(
    `query ($id: String!, $from: String!, $to: String!, $timeZone: String!, $departmentId: ID, $departmentScope: DepartmentScope, $conversationKinds: [String!]) {
       metricBreakdown(id: $id, from: $from, to: $to, timeZone: $timeZone, departmentId: $departmentId, departmentScope: $departmentScope, conversationKinds: $conversationKinds) {
         total path { id name } departments { departmentId scope name value } departmentsLeft kinds { kind value } } }`,
    { ...always, ...more },
  );
const apart = async (more: Record<string, unknown> = {}) =>
  ((await ask(more)).data as unknown as { metricBreakdown: Breakdown }).metricBreakdown;

test('an analyst takes a number apart: one bar for the whole subtree, then one for each of the largest hundred below', async () => {
  await until(async () => (await apart()).total === 3, 'the messages to be taken over');
  expect(await apart()).toEqual({
    total: 3,
    path: [],
    departments: [{ departmentId: top, scope: 'below', name: 'The wide one', value: 3 }],
    departmentsLeft: 0,
    kinds: [{ kind: 'group', value: 3 }],
  });
  // More departments than fit into one field of a request, or into one statement of the engine.
  const { departments, departmentsLeft, path } = await apart({ departmentId: top });
  expect(departments.slice(0, 2).map(({ name, value }) => [name, value])).toEqual([
    ['Team 8', 2],
    ['Team 12000', 1],
  ]);
  expect([departments.length, departmentsLeft, path]).toEqual([100, 11_900, [{ id: top, name: 'The wide one' }]]);
  expect((await apart({ departmentId: top, departmentScope: 'own' })).total).toBe(0);
  const gone = await apart({ departmentScope: 'gone' });
  expect([gone.total, gone.departments]).toEqual([0, []]);
});

test.each([
  [{ id: 'messages.unheard' }, 'not_found'],
  [{ departmentId: newId() }, 'not_found'],
  [{ departmentId: 'no id' }, 'malformed'],
  [{ departmentId: top, departmentScope: 'gone' }, 'malformed'],
  [{ conversationKinds: ["direct'); drop table events --"] }, 'malformed'],
  [{ from: '2024-02-30' }, 'malformed'],
  [{ to: '2019-01-01' }, 'malformed'],
  [{ to: '2099-01-01' }, 'malformed'],
  [{ timeZone: 'Middle-earth/Shire' }, 'malformed'],
])('a breakdown that asks %j is refused as %s, with a sentence', async (more, code) => {
  const reply = await ask(more);
  expect(reply.code).toBe(code);
  expect(reply.errors[0]!.message).toMatch(/^[A-Z]?.{10,}/);
});

test('whoever may not read dashboards is refused, and the refusal is in the audit log', async () => {
  const member = visitor(world.origin);
  await member.signIn(await world.person('Nora'));
  expect((await ask({}, member)).code).toBe('forbidden');
  await until(
    async () =>
      (
        await world.db.rows(
          `select from audit_entries where outcome = 'refused' and actor_name = 'Nora' and action like '%metricBreakdown%'`,
        )
      ).length === 1,
    'the refusal to be audited',
  );
});
