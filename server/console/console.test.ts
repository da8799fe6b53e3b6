import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import { until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function signedIn(name: string, roles: string[]): Promise<Visitor> {
  const who = visitor(world.origin);
  await who.signIn(await world.person(name, { roles }));
  return who;
}
type Finding = { kind: string; id: string; title: string; detail: string };
const find = async (who: Visitor, query: string) =>
  (
    (await who.graphql('query ($query: String!) { find(query: $query) { kind id title detail } }', { query }))
      .data as unknown as { find: Finding[] }
  ).find;

test('the overview counts what is there', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  const [ada, ben] = [await world.device('Ada'), await world.device('Ben')];
  const room = await ada.group('room', [ben]);
  for (let n = 0; n < 5; n++) await ada.says(`hello ${n}`, { in: room });
  await world.db.rows(
    `insert into users (id, kind, status, name) values (gen_random_uuid(), 'bot', 'active', 'Bot'), (gen_random_uuid(), 'person', 'suspended', 'S'), (gen_random_uuid(), 'person', 'invited', 'I'), (gen_random_uuid(), 'imported', 'active', 'Past'), (gen_random_uuid(), 'guest', 'active', 'G')`,
  );
  // One sent before midnight is not of today, wherever today is asked for.
  await world.db.rows(`update messages set created_at = now() - interval '50 hours' where seq = 1`);
  const ask = async (args = '') =>
    await olga.graphql(
      `{ overview${args} { peopleActive guestsActive peopleInvited peopleSuspended bots conversations messages messagesToday connectionsNow sealedPosition unsealedEntries lastCheckpointAt analytics { takenAt waiting checkedAt repaired } version startedAt } }`,
    );
  await until(
    async () => ((await ask()).data as unknown as { overview: { sealedPosition: number } }).overview.sealedPosition > 0,
    'the audit log to be sealed',
  );
  const { overview } = (await ask()).data as unknown as { overview: Record<string, unknown> };
  expect(overview).toMatchObject({
    peopleActive: 3,
    guestsActive: 1,
    peopleInvited: 1,
    peopleSuspended: 1,
    bots: 1,
    conversations: 1,
    messages: 5,
    connectionsNow: 2,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    analytics: { waiting: expect.any(Number) },
  });
  const counts = [];
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue'])
    counts.push(
      ((await ask(`(timeZone: "${zone}")`)).data as unknown as { overview: { messagesToday: number } }).overview
        .messagesToday,
    );
  const expected = await Promise.all(
    ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue'].map(
      async (zone) =>
        (
          await world.db.rows<{ n: number }>(
            `select count(*)::int as n from messages where (created_at at time zone $1)::date = (now() at time zone $1)::date`,
            [zone],
          )
        )[0]!.n,
    ),
  );
  expect(counts).toEqual(expected);
  for (const zone of ['Nowhere/City', '+01:00', `UTC'; --`, 'x'.repeat(61)])
    expect((await ask(`(timeZone: "${zone}")`)).code, zone).toBe('malformed');
});

test('whoever may not open the console is refused, and that is audited', async () => {
  const mia = await signedIn('Mia', ['member']);
  for (const query of ['{ overview { bots } }', '{ find(query: "a") { id } }'])
    expect((await mia.graphql(query)).code).toBe('forbidden');
  expect(
    await world.db.rows(`select from audit_entries where outcome = 'refused' and actor_name = 'Mia'`),
  ).toHaveLength(2);
});

test('the search finds people, departments, roles, actions and pages, and only what the asking person may open', async () => {
  const [olga, ana, aud] = [
    await signedIn('Olga', ['owner', 'member']),
    await signedIn('Ana', ['analyst']),
    await signedIn('Aud', ['auditor']),
  ];
  const sales = newId();
  await world.db.rows(`insert into departments (id, name) values ($1, 'Audible sales')`, [sales]);
  const found = await find(olga, 'aud');
  expect(found.map(({ kind, title }) => `${kind}: ${title}`)).toEqual(
    expect.arrayContaining([
      'page: Audit log',
      'action: export audit',
      'person: Aud',
      'department: Audible sales',
      'role: auditor',
    ]),
  );
  expect((await find(olga, 'suspend')).map(({ kind, id }) => `${kind} ${id}`)).toContain('action suspendPeople');
  // An analyst learns of no person, role or department, and of no page that stays shut.
  expect((await find(ana, 'aud')).map(({ kind }) => kind)).toEqual([]);
  expect((await find(ana, '')).map(({ kind, id }) => `${kind} ${id}`).sort()).toEqual([
    'page activity',
    'page overview',
    'page tasks',
  ]);
  expect((await find(aud, 'suspend')).filter(({ kind }) => kind === 'action')).toEqual([]);
  expect((await find(olga, '%')).filter(({ kind }) => kind === 'person' || kind === 'department')).toEqual([]);
  expect((await find(olga, '   ')).some(({ kind }) => kind === 'person')).toBe(false);
});

test('settings are read and changed one by one, each with values of its own kind', async () => {
  const olga = await signedIn('Olga', ['owner', 'member']);
  const settings = async () =>
    Object.fromEntries(
      (
        (await olga.graphql('{ settings { name value sentence } }')).data as unknown as {
          settings: { name: string; value: unknown }[];
        }
      ).settings.map(({ name, value }) => [name, value]),
    );
  expect(await settings()).toMatchObject({ organisation: 'Parley', evaluation: false, passwordFloor: 15 });
  expect((await olga.act('changeSetting', { name: 'organisation', value: '港口公司' })).code).toBeUndefined();
  expect((await olga.act('changeSetting', { name: 'evaluation', value: true })).code).toBeUndefined();
  expect(await settings()).toMatchObject({ organisation: '港口公司', evaluation: true, passwordFloor: 15 });
  expect((await visitor(world.origin).ask('GET', '/api/status')).body).toMatchObject({
    organisation: '港口公司',
    evaluation: true,
  });
  for (const [name, value] of [
    ['organisation', 7],
    ['organisation', ''],
    ['organisation', 'x'.repeat(201)],
    ['organisation', { a: 1 }],
    ['evaluation', 'true'],
    ['evaluation', 1],
    ['evaluation', []],
    ['secret', 'x'],
    ['__proto__', 'x'],
    ['constructor', {}],
  ])
    expect((await olga.act('changeSetting', { name, value })).code, JSON.stringify([name, value])).toBe('malformed');
  expect(await settings()).toMatchObject({ organisation: '港口公司', evaluation: true });
});
