import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let adam: Visitor;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  adam = visitor(world.origin);
  await adam.signIn(await world.person('Adam', { roles: ['administrator'] }));
});
afterAll(() => world.close());

type Branch = {
  id: string;
  name: string;
  parentId: string | null;
  path: string[];
  peopleCount: number;
  peopleBelow: number;
};
async function tree(): Promise<Branch[]> {
  const { data, errors } = await adam.graphql('{ departments { id name parentId path peopleCount peopleBelow } }');
  expect(errors).toEqual([]);
  return (data as unknown as { departments: Branch[] }).departments;
}
async function create(name: string, parentId?: string): Promise<string> {
  const { code, message, done } = await adam.act('createDepartment', { name, parentId });
  expect(code, message).toBeUndefined();
  return done!.resultId!;
}
const people = (departmentId: string, count: number) =>
  world.db.rows(
    `insert into users (id, kind, name, department_id) select gen_random_uuid(), 'person', 'One of ' || n, $1 from generate_series(1, $2) n`,
    [departmentId, count],
  );
const code = async (name: string, args: Record<string, unknown>) => (await adam.act(name, args)).code;

test('the tree is told flat, with the way to each department and the people in it and below it', async () => {
  const sales = await create('Sales');
  const north = await create('North', sales);
  const coast = await create('Coast', north);
  await people(sales, 2);
  await people(coast, 3);
  const all = await tree();
  expect(all.find(({ id }) => id === coast)).toEqual({
    id: coast,
    name: 'Coast',
    parentId: north,
    path: ['Sales', 'North', 'Coast'],
    peopleCount: 3,
    peopleBelow: 3,
  });
  expect(all.find(({ id }) => id === north)).toMatchObject({ peopleCount: 0, peopleBelow: 3 });
  expect(all.find(({ id }) => id === sales)).toMatchObject({ parentId: null, peopleCount: 2, peopleBelow: 5 });
});

test('a department moves with all below it, never below itself, and no deeper than twelve', async () => {
  const [a, b] = [await create('A'), await create('B')];
  const below = await create('Below', a);
  expect(await code('moveDepartment', { id: a, parentId: below })).toBe('conflict');
  expect(await code('moveDepartment', { id: a, parentId: a })).toBe('conflict');
  expect(await code('moveDepartment', { id: a, parentId: b })).toBeUndefined();
  expect((await tree()).find(({ id }) => id === below)?.path).toEqual(['B', 'A', 'Below']);
  expect(await code('moveDepartment', { id: a })).toBeUndefined();
  expect((await tree()).find(({ id }) => id === a)?.parentId).toBeNull();

  let deep = await create('Level 1');
  const top = deep;
  for (let level = 2; level <= 12; level++) deep = await create(`Level ${level}`, deep);
  expect(await code('createDepartment', { name: 'Level 13', parentId: deep })).toBe('conflict');
  expect(await code('moveDepartment', { id: below, parentId: deep })).toBe('conflict');
  expect(await code('moveDepartment', { id: top, parentId: b })).toBe('conflict');
});

test('two moves that would close a circle together: at most one happens', async () => {
  for (let round = 0; round < 8; round++) {
    const [one, other] = [await create(`One ${round}`), await create(`Other ${round}`)];
    const codes = await Promise.all([
      code('moveDepartment', { id: one, parentId: other }),
      code('moveDepartment', { id: other, parentId: one }),
    ]);
    expect(codes.filter((each) => each === undefined).length, String(codes)).toBe(1);
    expect(
      (await tree())
        .filter(({ id }) => id === one || id === other)
        .map(({ path }) => path.length)
        .sort((a, b) => a - b),
    ).toEqual([1, 2]);
  }
});

test('two of one name never stand beside each other, whatever their letters, also when both come at once', async () => {
  const home = await create('Home');
  await create('Twin', home);
  for (const name of ['Twin', 'TWIN', 'twin'])
    expect(await code('createDepartment', { name, parentId: home })).toBe('conflict');
  const elsewhere = await create('Twin');
  expect(await code('moveDepartment', { id: elsewhere, parentId: home })).toBe('conflict');
  expect(await code('renameDepartment', { id: await create('Trin', home), name: 'tWin' })).toBe('conflict');
  const codes = await Promise.all(
    Array.from({ length: 5 }, () => code('createDepartment', { name: 'At once', parentId: home })),
  );
  expect(codes.filter((each) => each === undefined)).toHaveLength(1);
});

test('only an empty department is deleted, unless its people and departments are moved up first', async () => {
  const above = await create('Above');
  const full = await create('Full', above);
  const child = await create('Child', full);
  await people(full, 3);
  const refused = await adam.act('deleteDepartment', { id: full });
  expect([refused.code, refused.message]).toEqual([
    'conflict',
    'Full is not empty: 3 people and 1 departments are in it. Move them up, or elsewhere, first.',
  ]);
  const done = await adam.act('deleteDepartment', { id: full, moveUp: true });
  expect(done.plan?.counts).toEqual(
    expect.arrayContaining([
      { table: 'users', op: 'update', count: 3 },
      { table: 'departments', op: 'update', count: 1 },
      { table: 'departments', op: 'delete', count: 1 },
    ]),
  );
  const all = await tree();
  expect(all.some(({ id }) => id === full)).toBe(false);
  expect(all.find(({ id }) => id === above)).toMatchObject({ peopleCount: 3 });
  expect(all.find(({ id }) => id === child)).toMatchObject({ parentId: above });
  expect(await code('deleteDepartment', { id: child })).toBeUndefined();
  // Up from the top is out of the tree.
  expect(await code('deleteDepartment', { id: above, moveUp: true })).toBeUndefined();
  expect(await world.db.rows('select from users where department_id = $1', [above])).toHaveLength(0);
});

test('deleting needs a reason; what is not there is not found; members are refused, and that is audited', async () => {
  const id = await create('To be left');
  expect((await adam.act('deleteDepartment', { id }, ' ')).code).toBe('malformed');
  const nobody = '00000000-0000-7000-8000-000000000000';
  for (const [name, args] of [
    ['renameDepartment', { id: nobody, name: 'x' }],
    ['moveDepartment', { id: nobody }],
    ['moveDepartment', { id, parentId: nobody }],
    ['deleteDepartment', { id: nobody }],
    ['createDepartment', { name: 'x', parentId: nobody }],
  ] as const)
    expect(await code(name, args), name).toBe('not_found');
  const mia = visitor(world.origin);
  await mia.signIn(await world.person('Mia'));
  for (const [name, args] of [
    ['createDepartment', { name: 'Mine' }],
    ['renameDepartment', { id, name: 'Mine' }],
    ['moveDepartment', { id }],
    ['deleteDepartment', { id }],
  ] as const) {
    expect((await mia.act(name, args)).code, name).toBe('forbidden');
    expect(
      await world.db.rows(
        `select from audit_entries where outcome = 'refused' and actor_name = 'Mia' and action = $1`,
        [`mutation ${name}`],
      ),
    ).toHaveLength(1);
  }
});
