import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('people are found by any part of their name, those that begin with it first; signs of patterns stand for themselves', async () => {
  for (const name of ['Anna Bell', 'Bella Ann', 'Mirabel', 'Percy 100%', 'Under_Score', '王小明', '李明'])
    await world.person(name);
  const ada = await world.device('Ada');
  const found = async (query: string) => (await ada.call('people:search', { query })).people.map(({ name }) => name);
  expect(await found('bel')).toEqual(['Bella Ann', 'Anna Bell', 'Mirabel']);
  expect(await found('  BELL ')).toEqual(['Bella Ann', 'Anna Bell']);
  expect(await found('明')).toEqual(['李明', '王小明']);
  expect(await found('%')).toEqual(['Percy 100%']);
  expect(await found('_')).toEqual(['Under_Score']);
  expect(await found(`' or true --`)).toEqual([]);
  expect((await ada.call('people:search', { query: '', limit: 3 })).people).toHaveLength(3);
  expect(await ada.tries('people:search', { query: '', limit: 51 })).toBe('malformed');
  expect(await ada.tries('people:search', { query: { like: '%' } as never })).toBe('malformed');
});

test('colleagues see no e-mail address, hash or anything else beyond what the wire promises', async () => {
  const ada = await world.device('Ada');
  const { people } = await ada.call('people:get', { ids: [ada.userId] });
  expect(people).toEqual([
    { id: ada.userId, name: 'Ada', kind: 'person', status: 'active', title: null, department: null },
  ]);
  const me = await ada.call('session:me', {});
  expect(Object.keys(me).sort()).toEqual([
    'creates',
    'department',
    'id',
    'kind',
    'name',
    'permissions',
    'readRevisions',
    'status',
    'title',
  ]);
});

test('a guest finds the people they share a conversation with, and nobody else', async () => {
  const ada = await world.device('Ada');
  const ben = await world.device('Ben');
  const carl = await world.person('Carl');
  const guest = await world.device('Greta', { roles: ['guest'], kind: 'guest' });
  const names = async () => (await guest.call('people:search', { query: '' })).people.map(({ name }) => name);
  const known = async () =>
    (await guest.call('people:get', { ids: [ada.userId, ben.userId, carl.id, guest.userId] })).people
      .map(({ name }) => name)
      .sort();
  expect(await names()).toEqual(['Greta']);
  const room = await ada.group('with the guest', [guest, ben]);
  expect(await names()).toEqual(['Ada', 'Ben', 'Greta']);
  expect(await known()).toEqual(['Ada', 'Ben', 'Greta']);
  // Those who left are still read in the history; a guest taken out sees nobody any more.
  await ben.call('conversation:leave', { conversationId: room.conversation.id });
  expect(await known()).toEqual(['Ada', 'Ben', 'Greta']);
  await ada.call('member:remove', { conversationId: room.conversation.id, userId: guest.userId });
  expect(await known()).toEqual(['Greta']);
});

test('the directory is for administrators: a member and a guest are refused, and that is audited', async () => {
  for (const name of ['Ada', 'Greta']) {
    const who = visitor(world.origin);
    await who.signIn(await world.person(name));
    expect((await who.graphql('{ people { edges { node { email } } } }')).code).toBe('forbidden');
    expect(
      await world.db.rows(
        `select from audit_entries where action = 'query people' and outcome = 'refused' and actor_name = $1`,
        [name],
      ),
    ).toHaveLength(1);
  }
  expect((await visitor(world.origin).graphql('{ people { edges { node { email } } } }')).code).toBe('unauthenticated');
});

test('the directory is paged by name without a gap or a double, also among equal names and while people come', async () => {
  const admin = await administrator();
  await world.db.rows(
    `insert into users (id, kind, name) select gen_random_uuid(), 'person', 'Twin ' || (n % 7) from generate_series(1, 60) n`,
  );
  const seen: { id: string; name: string }[] = [];
  let after: string | null = null;
  do {
    const { data } = await admin.graphql(
      'query ($after: String) { people(first: 9, after: $after, query: "twin") { edges { node { id name } } pageInfo { hasNextPage endCursor } } }',
      { after },
    );
    const { edges, pageInfo } = (
      data as unknown as {
        people: {
          edges: { node: { id: string; name: string } }[];
          pageInfo: { hasNextPage: boolean; endCursor: string | null };
        };
      }
    ).people;
    seen.push(...edges.map(({ node }) => node));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    await world.db.rows(`insert into users (id, kind, name) values (gen_random_uuid(), 'person', 'Aaa twin')`);
  } while (after);
  expect(seen.filter(({ name }) => name.startsWith('Twin'))).toHaveLength(60);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  expect(seen.map(({ name }) => name.toLowerCase())).toEqual(seen.map(({ name }) => name.toLowerCase()).sort());
});

test('a page has at most a hundred people, and only a cursor of this list goes on', async () => {
  const admin = await administrator();
  const code = async (args: string) => (await admin.graphql(`{ people(${args}) { pageInfo { hasNextPage } } }`)).code;
  expect(await code('first: 100')).toBeUndefined();
  for (const args of [
    'first: 101',
    'first: 0',
    'first: -1',
    'after: "x"',
    'after: ""',
    `after: "${Buffer.from('["a","b"]').toString('base64url')}"`,
    `after: "${Buffer.from('{"0":1}').toString('base64url')}"`,
    `query: "${'x'.repeat(401)}"`,
    'query: "\\u0000"',
    'query: "\\ud800"',
  ]) {
    expect(await code(args), args).toBe('malformed');
  }
  expect(await code('first: null, after: null, query: null')).toBeUndefined();
});

test('departments of a page are read in one statement, with their place in the tree', async () => {
  const admin = await administrator();
  await world.db.rows(
    `insert into departments (id, name, parent_id) values ('00000000-0000-7000-8000-000000000001', 'Kestrel', null), ('00000000-0000-7000-8000-000000000002', 'Sales', '00000000-0000-7000-8000-000000000001')`,
  );
  await world.db.rows(
    `update users set department_id = '00000000-0000-7000-8000-000000000002' where name in ('Ada', 'Ben')`,
  );
  const { data } = await admin.graphql('{ people(query: "ada") { edges { node { department { name path } } } } }');
  expect(data).toEqual({
    people: {
      edges: [{ node: { department: { name: 'Sales', path: ['Kestrel', 'Sales'] } } }, { node: { department: null } }],
    },
  });
  const ada = await world.device('Ada');
  expect((await ada.call('session:me', {})).department).toBe('Sales');
});

async function administrator(): Promise<Visitor> {
  const who = visitor(world.origin);
  await who.signIn(await world.person('Adam', { roles: ['administrator'] }));
  return who;
}

test('everybody may ask about themselves; a field that needs a right they lack is refused, and that is audited', async () => {
  const mia = visitor(world.origin);
  await mia.signIn(await world.person('Mia'));
  const own = await mia.graphql(
    '{ me { name email roles permissions devices { name connectedNow } department { name } conversationsCount } }',
  );
  expect(own.errors).toEqual([]);
  expect(own.data).toMatchObject({ me: { name: 'Mia', roles: ['member'], devices: [{ connectedNow: false }] } });
  const more = await mia.graphql('{ me { name entries { action } } }');
  expect([more.code, more.data]).toEqual(['forbidden', { me: { name: 'Mia', entries: null } }]);
  expect(
    await world.db.rows(
      `select from audit_entries where outcome = 'refused' and actor_name = 'Mia' and action = 'field entries'`,
    ),
  ).toHaveLength(1);
});
