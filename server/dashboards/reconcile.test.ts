import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Clickhouse } from '@parley/analytics/clickhouse.ts';
import { noDepartment } from '@parley/analytics/ingest.ts';
import { anyKind, everybody } from '@parley/analytics/roll-up.ts';
import { system } from '../kernel/actor.ts';
import { newId } from '../kernel/ids.ts';
import { inWork } from '../kernel/work.ts';
import { until } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { analyticsStore, freshnessOf } from './numbers.ts';
import { checkOnce, feedName } from './reconcile.ts';

/*
 * "The standing check finds divergence nobody injected on purpose": rows of the events and of the roll-up are flipped, deleted, doubled and made up
 * at random; one sweep finds all of them and touches nothing else. What is right is counted here, row by row, from the messages.
 */

let world: World;
let store: Clickhouse;
const seed = Date.now() % 1_000_000;
const departments = [newId(), newId(), newId()];
const kinds = ['direct', 'group', 'channel'];

beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ANALYTICS_CHECK_SECONDS: '86400' } });
  store = world.app.house.parts.use(analyticsStore);
  await world.db.rows(`insert into departments (id, name) select d, 'Department ' || d from unnest($1::uuid[]) d`, [
    departments,
  ]);
  const rooms = kinds.map((kind) => ({ id: newId(), kind }));
  for (const { id, kind } of rooms)
    await world.db.rows(`insert into conversations (id, kind, visibility, name) values ($1, $2, 'private', 'A room')`, [
      id,
      kind,
    ]);
  const people = Array.from({ length: 12 }, () => newId());
  for (const [n, id] of people.entries())
    await world.db.rows('insert into users (id, kind, name) values ($1, $2, $3)', [
      id,
      n % 6 === 5 ? 'bot' : 'person',
      `Person ${n}`,
    ]);
  // Twelve hundred messages in hours of two months with a long silence between them.
  await inWork(world.app.house, system('a history'), async (work) => {
    for (const { id } of rooms) {
      const times = Array.from(
        { length: 400 },
        () => Date.UTC(2025, pick(2), 1 + pick(9), pick(20), pick(60)) + pick(60_000),
      );
      await work.sql(
        `insert into messages (id, conversation_id, seq, rev, sender_id, department_id, client_id, body, created_at)
         select id, $2, n, n, sender, department, id::text, 'x', at from unnest($1::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) with ordinality as m (id, sender, department, at, n)`,
        [
          times.map(() => newId()),
          id,
          times.map(() => people[pick(people.length)]!),
          times.map(() => [...departments, null][pick(4)]!),
          times.map((at) => new Date(at)),
        ],
      );
      work.record('message.imported', { conversationId: id, fromSeq: 1, toSeq: times.length });
    }
  });
  const left = `select from outbox o left join outbox_cursors c on c.watcher = $1 where c.watcher is null or (o.tx, o.id) > (c.tx, c.id) limit 1`;
  await until(async () => (await world.db.rows(left, [feedName])).length === 0, 'the feed to take everything');
});
afterAll(() => world.close());

let state = seed;
/** A number below `n`, from the seed that a failure tells. */
function pick(n: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}
const some = <T>(from: readonly T[], n: number): T[] =>
  [...from]
    .map((one) => ({ one, at: pick(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .slice(0, n)
    .map(({ one }) => one);

type Rows = Map<number, string[]>;
const inHours = (rows: { hour: number; line: string }[]): Rows =>
  new Map([...Map.groupBy(rows, ({ hour }) => hour)].map(([hour, all]) => [hour, all.map(({ line }) => line).sort()]));

/** Every row there should be, by hour: each message, and each line of the roll-up it counts in. */
async function wanted(): Promise<Rows> {
  const messages = await world.db.rows<Record<string, string> & { at: number; number: number; bot: boolean }>(
    `select m.id, (extract(epoch from m.created_at) * 1000)::bigint as at, u.number, u.kind = 'bot' as bot, coalesce(m.department_id, $1) as department, c.id as conversation, c.kind
     from messages m join users u on u.id = m.sender_id join conversations c on c.id = m.conversation_id`,
    [noDepartment],
  );
  const lines: { hour: number; line: string }[] = [];
  const rolled = new Map<string, { hour: number; messages: number; people: Set<number> }>();
  for (const { id, at, number, bot, department, conversation, kind } of messages) {
    const hour = Math.floor(at / 3_600_000) * 3_600;
    lines.push({ hour, line: ['event', id, 'message', at, number, bot, department, conversation, kind, id].join(' ') });
    for (const key of [
      [department, kind],
      [everybody, kind],
      [department, anyKind],
      [everybody, anyKind],
    ].map(([in_, as]) => `rolled ${in_} ${as} ${hour} ${bot}`)) {
      const row = rolled.get(key) ?? { hour, messages: 0, people: new Set<number>() };
      rolled.set(key, row);
      row.messages++;
      row.people.add(number);
    }
  }
  for (const [key, { hour, messages: n, people }] of rolled)
    lines.push({ hour, line: `${key} ${n} [${[...people].sort((a, b) => a - b).join(',')}]` });
  return inHours(lines);
}

/** Every row there is. */
async function found(): Promise<Rows> {
  const { rows } = await store.query<{ hour: number; line: string }>(
    `select toUnixTimestamp(toStartOfHour(at)) as hour, arrayStringConcat(['event', toString(event_id), kind, toString(toUnixTimestamp64Milli(at)), toString(person), toString(bot), toString(department), toString(conversation), conversation_kind, toString(message)], ' ') as line from events
     union all
     select toUnixTimestamp(toStartOfHour(hour)) as hour, arrayStringConcat(['rolled', toString(department), conversation_kind, toString(toUnixTimestamp(r.hour)), toString(bot), toString(n), toString(arraySort(bitmapToArray(who)))], ' ') as line from (
       select department, conversation_kind, hour, bot, sum(messages) as n, groupBitmapMergeState(people) as who from activity group by department, conversation_kind, hour, bot) r`,
  );
  return inHours(rows);
}

const differing = (a: Rows, b: Rows): number[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((hour) => a.get(hour)?.join('\n') !== b.get(hour)?.join('\n'));

/** Twenty damages of ten kinds each: what is done to twenty events, or to twenty rows of the roll-up. */
const damages: Record<string, (ids: string, row: (n: number) => string) => string[]> = {
  'events deleted': (ids) => [`alter table events delete where event_id in (${ids})`],
  'events doubled': (ids) => [`insert into events select * from events where event_id in (${ids})`],
  'events under another id': (ids) => [
    `insert into events select generateUUIDv4(), kind, at, person, bot, department, conversation, conversation_kind, message from events where event_id in (${ids})`,
  ],
  'somebody else’s': (ids) => [`alter table events update person = person % 12 + 1 where event_id in (${ids})`],
  'in another department': (ids) => [
    `alter table events update department = generateUUIDv4(), bot = not bot, conversation_kind = 'group' where event_id in (${ids})`,
  ],
  'at another time': (ids) => [
    `insert into events select event_id, kind, at + (1 + cityHash64(event_id) % 2000) * 3600, person, bot, department, conversation, conversation_kind, message from events where event_id in (${ids})`,
  ],
  'rows of the roll-up deleted': (_, row) => [`alter table activity delete where ${row(20)}`],
  'rows of the roll-up doubled': (_, row) => [
    `insert into activity settings insert_deduplicate = 0 select * from activity where ${row(20)}`,
  ],
  'nobody said anything, and yet they were there': (_, row) => [
    `insert into activity select department, conversation_kind, hour, bot, 0, bitmapBuild([toUInt32(4711)]) from activity where ${row(20)}`,
  ],
  'rows of the roll-up nobody wrote': (_, row) => [
    `insert into activity select department, conversation_kind, hour + (1 + cityHash64(hour) % 4000) * 3600, not bot, messages, people from activity where ${row(20)}`,
  ],
};

async function sweep(): Promise<number> {
  const client = await world.db.client('check');
  const repaired = async () =>
    (await client.query<{ n: number }>('select hours_repaired as n from analytics_check')).rows[0]!.n;
  const before = await repaired();
  await client.query('update analytics_check set swept_to = null');
  do expect(await checkOnce(store, client)).toBe(true);
  while ((await client.query('select swept_to from analytics_check')).rows[0].swept_to !== null);
  const after = await repaired();
  await client.end();
  return after - before;
}

test('of two hundred damages to events and roll-up, made at random, one sweep finds every one and touches no hour that is right', async () => {
  const truth = await wanted();
  expect(differing(truth, await found()), `before; seed ${seed}`).toEqual([]);
  expect(await sweep(), 'what is right is left alone').toBe(0);
  const ids = [...truth.values()]
    .flat()
    .filter((line) => line.startsWith('event '))
    .map((line) => line.slice(6, 42));
  const rows = [...truth.values()].flat().filter((line) => line.startsWith('rolled '));
  const row = (n: number) =>
    `(department, conversation_kind, toUnixTimestamp(hour), bot) in (${some(rows, n)
      .map((line) => {
        // A kind may be no word at all.
        const [, department, kind, hour, bot] = /^rolled (\S+) (\S*) (\d+) (\w+)/.exec(line)!;
        return `(toUUID('${department}'), '${kind}', ${hour}, ${bot})`;
      })
      .join(',')})`;
  for (const [name, damage] of Object.entries(damages)) {
    const right = await found();
    for (const statement of damage(
      some(ids, 20)
        .map((id) => `'${id}'`)
        .join(','),
      row,
    ))
      await store.command(statement);
    expect(differing(right, await found()).length, `${name} is a damage`).toBeGreaterThan(0);
  }
  const wrong = differing(truth, await found());
  expect(await sweep(), `hours repaired; seed ${seed}`).toBe(wrong.length);
  expect(differing(truth, await found()), `after; seed ${seed}`).toEqual([]);
  expect(await sweep(), 'nothing is left to repair').toBe(0);
  const { repaired, checkedAt } = await inWork(world.app.house, system('an analyst'), freshnessOf);
  expect(repaired, 'and whoever looks at a number is told').toBe(wrong.length);
  expect(checkedAt).not.toBeNull();
});
