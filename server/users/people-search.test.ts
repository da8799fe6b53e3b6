import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namedPeople, otherPeople } from '../testing/company-names.ts';
import { visitor } from '../testing/http.ts';
import type { TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { writeAllKeys } from './people-keys.ts';
import { queries } from './people-search.queries.ts';

let world: World;
let ada: TestClient;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  ada = await world.device('Zz Searcher');
  await world.db.rows(
    `with d as (insert into departments (id, name) select gen_random_uuid(), name from unnest($1::text[]) name returning id, name)
     insert into users (id, kind, name, email, title, department_id)
     select gen_random_uuid(), 'person', p.name, p.local || '@example.com', p.title, d.id
     from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as p (name, local, title, department) left join d on d.name = p.department`,
    [
      [...new Set(namedPeople.flatMap(([, , , department]) => department ?? []))],
      [...namedPeople.map(([name]) => name), ...otherPeople],
      [...namedPeople.map(([, local]) => local), ...otherPeople.map((_, n) => `z${n}`)],
      namedPeople.map(([, , title]) => title),
      namedPeople.map(([, , , department]) => department),
    ],
  );
  await writeAllKeys(world.app.house);
});
afterAll(() => world.close());

const found = async (query: string, who = ada, more: { limit?: number; withImported?: boolean } = {}) =>
  (await who.call('people:search', { query, ...more })).people.map(({ name }) => name);

test.each(queries)('%j finds %j', async (typed, first, how) => {
  const names = await found(typed);
  expect(how === 'only' || first.length === 0 ? names : names.slice(0, first.length)).toEqual(first);
});

test('the console lists the same people for every query', async () => {
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Zz Owner', { roles: ['owner', 'member'] }));
  for (const [typed] of queries) {
    const { data, errors } = await olga.graphql(
      'query ($typed: String) { people(first: 100, query: $typed) { totalCount edges { node { name } } } findPeople(query: $typed, limit: 50) { name } }',
      { typed },
    );
    expect(errors).toEqual([]);
    const { people, findPeople } = data as unknown as {
      people: { totalCount: number; edges: { node: { name: string } }[] };
      findPeople: { name: string }[];
    };
    const chat = await found(typed, ada, { limit: 50 });
    expect([typed, people.edges.map(({ node }) => node.name).sort()]).toEqual([typed, chat.toSorted()]);
    expect([typed, people.totalCount, findPeople.map(({ name }) => name)]).toEqual([typed, chat.length, chat]);
  }
});

test('the answer says why a person was found: the fit, and the address if it was that', async () => {
  const [yutong] = (await ada.call('people:search', { query: 'chen.yut' })).people;
  expect(yutong).toMatchObject({ name: '陈雨桐', fit: 'address', address: 'chen.yutong' });
  const fit = async (query: string) => (await ada.call('people:search', { query })).people[0];
  expect(await fit('陈雨桐')).toMatchObject({ fit: 'whole', address: null });
  expect(await fit('陈')).toMatchObject({ fit: 'beginning' });
  expect(await fit('hendr')).toMatchObject({ fit: 'word' });
  expect(await fit('cyt')).toMatchObject({ fit: 'spelling', address: null });
  expect(await fit('release')).toMatchObject({ fit: 'title' });
  expect(await fit('研发')).toMatchObject({ fit: 'department' });
  expect(await fit('irabel')).toMatchObject({ fit: 'middle' });
  expect(await fit('tom hendr')).toMatchObject({ fit: 'beginning' });
});

describe('among equal matches', () => {
  const inserted = async (name: string, kind: string, status = 'active') => {
    const [row] = await world.db.rows<{ id: string }>(
      `insert into users (id, kind, status, name) values (gen_random_uuid(), $2, $3, $1) returning id`,
      [name, kind, status],
    );
    await writeAllKeys(world.app.house);
    return row!.id;
  };

  test('colleagues stand before guests, guests before bots; imported only if asked for', async () => {
    await inserted('Kiwi Aa', 'bot');
    await inserted('Kiwi Bb', 'guest');
    await inserted('Kiwi Cc', 'person');
    await inserted('Kiwi Dd', 'imported');
    await inserted('Kiwi Ee', 'person', 'suspended');
    expect(await found('kiwi')).toEqual(['Kiwi Cc', 'Kiwi Bb', 'Kiwi Aa']);
    expect(await found('kiwi', ada, { withImported: true })).toEqual(['Kiwi Cc', 'Kiwi Bb', 'Kiwi Aa', 'Kiwi Dd']);
  });

  test('any number of imported namesakes leaves the colleague where they are', async () => {
    await world.db.rows(
      `insert into users (id, kind, name) select gen_random_uuid(), 'imported', '覃' || n from generate_series(1, 300) n`,
    );
    await inserted('覃志', 'person');
    expect(await found('覃')).toEqual(['覃志']);
    expect((await found('覃', ada, { withImported: true, limit: 3 }))[0]).toBe('覃志');
    // A direct conversation with one of them, as an import makes it, does not bring them back.
    const [sender] = await world.db.rows<{ id: string }>(`select id from users where name = '覃7'`);
    const { id } = (await ada.group('old times', [])).conversation;
    await world.db.rows('insert into members (conversation_id, user_id) values ($1, $2)', [id, sender!.id]);
    expect(await found('覃')).toEqual(['覃志']);
  });

  test('people one talks with come first, the latest first, after better matches', async () => {
    const near = await world.device('Mango Zulu');
    const nearer = await world.device('Mango Yankee');
    await inserted('Mango Alpha', 'person');
    const lemon = await inserted('Lemon Mango', 'person');
    const far = await world.device('Mango Xray');
    await ada.call('conversation:direct', { userId: near.userId });
    await ada.call('conversation:direct', { userId: nearer.userId });
    await ada.group('Large enough to be no talk', [far, ...(await crowd(14))]);
    expect(await found('mango')).toEqual(['Mango Yankee', 'Mango Zulu', 'Mango Alpha', 'Mango Xray', 'Lemon Mango']);
    expect((await found('mango alpha'))[0]).toBe('Mango Alpha');
    expect((await found('', ada, { limit: 2 })).every((name) => name.startsWith('Mango'))).toBe(true);
    const members = await ada.group('A room', [], { memberIds: [far.userId, near.userId, lemon] });
    const { people } = await ada.call('people:search', { query: 'mango', conversationId: members.conversation.id });
    expect(people.map(({ name, isMember }) => [name, isMember])).toEqual([
      ['Mango Xray', true],
      ['Mango Zulu', true],
      ['Lemon Mango', true],
      ['Mango Yankee', false],
      ['Mango Alpha', false],
    ]);
  });

  test('who is a member of a conversation is told to its members alone', async () => {
    const member = await world.device('Plum Inside');
    const outside = await world.device('Plum Outside');
    const room = await member.group('Closed', []);
    const { people } = await outside.call('people:search', {
      query: 'plum',
      conversationId: room.conversation.id,
    });
    expect(people.map(({ isMember }) => isMember)).toEqual([false, false]);
  });

  const crowd = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => world.device(`Crowd ${String.fromCharCode(65 + n)}`)));
});

test('a guest finds only people they share a conversation with, none by an address', async () => {
  const guest = await world.device('Guava Guest', { roles: ['guest'], kind: 'guest' });
  const host = await world.device('Guava Host');
  await world.device('Guava Hidden');
  expect(await found('guava', guest)).toEqual(['Guava Guest']);
  await host.group('With the guest', [guest]);
  expect(await found('guava', guest)).toEqual(['Guava Host', 'Guava Guest']);
  expect(await found('guava.host', guest)).toEqual([]);
  expect(await found('guava.host', ada)).toEqual(['Guava Host']);
});

test('400 characters of anything are answered; one more is refused with a sentence', async () => {
  for (const sign of ['a', '陈', '%', '_', '\\', '🦊', "'", 'a ', '- ', '\u0301', '\u202e', 'ü', 'ﷺ'])
    expect(
      await found(
        sign
          .repeat(400)
          .slice(0, 400)
          .replace(/[\ud800-\udbff]$/, ''),
      ),
      sign,
    ).toBeInstanceOf(Array);
  await expect(ada.call('people:search', { query: 'x'.repeat(401) })).rejects.toMatchObject({
    refusal: { code: 'malformed', message: expect.stringContaining('query') },
  });
});
