import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  for (const [person, name, address, idle] of [
    ['Ada', 'Firefox, Linux', '10.0.0.7', 0],
    ['Ada', 'Old 100% phone', '10.0.0.8', 40],
    ['Ben', 'Safari, iPad', '192.168.1.9', 8],
  ] as const)
    await world.db.rows(
      `insert into devices (id, user_id, name, address, refresh_hash, last_seen_at) values (gen_random_uuid(), $1, $2, $3, 'x', now() - make_interval(days => $4))`,
      [(await world.person(person)).id, name, address, idle],
    );
});
afterAll(() => world.close());

type Answer = { devices: { totalCount: number; edges: { node: { name: string } }[]; pageInfo: { endCursor: string } } };
const ask = (variables: Record<string, unknown>) =>
  olga.graphql(
    'query ($text: String, $idleDays: Int, $userId: ID, $first: Int, $after: String) { devices(text: $text, idleDays: $idleDays, userId: $userId, first: $first, after: $after) { totalCount edges { node { name } } pageInfo { endCursor } } }',
    variables,
  );
async function found(variables: Record<string, unknown>) {
  const { devices } = (await ask(variables)).data as unknown as Answer;
  expect(devices.totalCount).toBe(devices.edges.length);
  return devices.edges.map(({ node }) => node.name);
}

test('devices are found by their name, their person, their address, and by how long nobody saw them', async () => {
  expect(await found({ text: 'FIREFOX' })).toEqual(['Firefox, Linux']);
  expect(await found({ text: 'ada' })).toEqual(['Firefox, Linux', 'Old 100% phone']);
  expect(await found({ text: '192.168' })).toEqual(['Safari, iPad']);
  // What PostgreSQL would read as "anything" is a sign like any other.
  expect(await found({ text: '0% p' })).toEqual(['Old 100% phone']);
  expect(await found({ text: '%' })).toEqual(['Old 100% phone']);
  expect(await found({ idleDays: 7 })).toEqual(['Safari, iPad', 'Old 100% phone']);
  expect(await found({ idleDays: 30, text: 'ben' })).toEqual([]);
});

test('a filtered list goes on behind its cursor', async () => {
  const first = (await ask({ idleDays: 1, first: 1 })).data as unknown as Answer;
  const next = (await ask({ idleDays: 1, first: 1, after: first.devices.pageInfo.endCursor }))
    .data as unknown as Answer;
  expect([first, next].map(({ devices }) => devices.edges[0]!.node.name)).toEqual(['Safari, iPad', 'Old 100% phone']);
});

test.each([[{ idleDays: 0 }], [{ idleDays: 1e6 }], [{ text: 'x'.repeat(10_000) }]])(
  'a list of devices that asks %j is refused in words',
  async (variables) => {
    expect((await ask(variables)).code).toBe('malformed');
  },
);
