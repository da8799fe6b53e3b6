import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Clickhouse } from '@parley/analytics/clickhouse.ts';
import { grains } from '@parley/analytics/metrics/metric.ts';
import { system } from '../kernel/actor.ts';
import { newId } from '../kernel/ids.ts';
import { inWork } from '../kernel/work.ts';
import { until } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { breakdown, type Breakdown } from './breakdown.ts';
import { eventsBehind, series, analyticsStore, type DepartmentScope, type Question } from './numbers.ts';
import { checkOnce, feedName } from './reconcile.ts';

let world: World;
let store: Clickhouse;
const departments = Array.from({ length: 5 }, () => newId());
const conversations: { id: string; kind: string }[] = [];
const people: { id: string; number: number; bot: boolean; department: string | null }[] = [];
/** Somebody was in a department that has been deleted since. */
const goneDepartment = newId();

beforeAll(async () => {
  // The standing check is called by hand here, so that repairs can be counted.
  world = await openWorld({ env: { PARLEY_ANALYTICS_CHECK_SECONDS: '86400' } });
  store = world.app.house.parts.use(analyticsStore);
  // 0 ─ 1 ─ 2, 0 ─ 3, and 4 on its own.
  for (const [i, parent] of [null, 0, 1, 0, null].entries())
    await world.db.rows('insert into departments (id, name, parent_id) values ($1, $2, $3)', [
      departments[i],
      `Department ${i}`,
      parent === null ? null : departments[parent],
    ]);
  for (const kind of ['direct', 'group', 'channel']) {
    const id = newId();
    conversations.push({ id, kind });
    await world.db.rows(`insert into conversations (id, kind, visibility, name) values ($1, $2, 'private', 'A room')`, [
      id,
      kind,
    ]);
  }
  for (let i = 0; i < 8; i++) {
    const id = newId();
    const department = i === 7 ? null : departments[i % 5]!;
    const [row] = await world.db.rows<{ number: number }>(
      'insert into users (id, kind, name, department_id) values ($1, $2, $3, $4) returning number',
      [id, i === 6 ? 'bot' : 'person', `Person ${i}`, department],
    );
    people.push({ id, number: row!.number, bot: i === 6, department: i === 5 ? goneDepartment : department });
  }
});
afterAll(() => world.close());

/** Where somebody was when they said it: one of them changes department all the time. */
const departmentThen = (who: number, minute: number) =>
  who === 3 ? departments[minute % 5]! : people[who]!.department;

let seq = 0;
/** A history: messages at any time of two years, by anybody, anywhere, told to the event log as imports are. */
async function happen(history: { who: number; where: number; minute: number }[]): Promise<void> {
  const from = seq + 1;
  const conversationsHere = [...new Set(history.map(({ where }) => where))];
  await inWork(world.app.house, system('a history'), async (work) => {
    for (const where of conversationsHere) {
      const mine = history.filter((one) => one.where === where);
      const first = seq + 1;
      await work.sql(
        `insert into messages (id, conversation_id, seq, rev, sender_id, department_id, client_id, body, created_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $6::text[], $7::timestamptz[])`,
        [
          mine.map(() => newId()),
          mine.map(() => conversations[where]!.id),
          mine.map(() => ++seq),
          mine.map(({ who }) => people[who]!.id),
          mine.map(({ who, minute }) => departmentThen(who, minute)),
          mine.map((_, i) => `c${first + i}`),
          mine.map(({ minute }) => new Date(Date.UTC(2024, 0, 1) + minute * 60_000)),
        ],
      );
      work.record('message.imported', { conversationId: conversations[where]!.id, fromSeq: first, toSeq: seq });
    }
  });
  expect(seq).toBe(from + history.length - 1);
}

const taken = () =>
  until(
    async () =>
      (
        await world.db.rows(
          `select from outbox o join outbox_cursors c on c.watcher = $1 and (o.tx, o.id) <= (c.tx, c.id) right join outbox a on a.id = o.id where o.id is null`,
          [feedName],
        )
      ).length === 0,
    'the feed to take everything',
  );

/** The same numbers by brute force over the messages themselves. */
async function byHand(
  question: Question,
  wanted: 'messages' | 'people',
): Promise<{ points: { bucket: string; value: number }[]; total: number }> {
  const { what, rows, params } = await countedBy(question, wanted);
  const points = await world.db.rows<{ bucket: string; value: number }>(
    `select to_char(date_trunc('${question.grain}', m.created_at at time zone $3), 'YYYY-MM-DD') as bucket, ${what} as value ${rows} group by 1 order by 1`,
    params,
  );
  const [total] = await world.db.rows<{ value: number }>(`select ${what} as value ${rows}`, params);
  return { points, total: total!.value };
}

/** A number taken apart by brute force: from every message up the tree to the part it belongs to. */
async function partsByHand(question: Question, wanted: 'messages' | 'people') {
  const { what, rows, params } = await countedBy(question, wanted);
  const departmentParts = await world.db.rows<{ part: string; value: number }>(
    `with recursive climb (start, id, parent_id) as (
       select id, id, parent_id from departments union all select c.start, p.id, p.parent_id from climb c join departments p on p.id = c.parent_id)
     select case when m.department_id is not distinct from $8::uuid then 'own' when not exists (select from departments d where d.id = m.department_id) then 'gone'
       else (select c.id::text from climb c where c.start = m.department_id and c.parent_id is not distinct from $8) end as part, ${what} as value ${rows} group by 1`,
    [...params, question.departmentId ?? null],
  );
  const kindParts = await world.db.rows<{ part: string; value: number }>(
    `select c.kind as part, ${what} as value ${rows} group by 1`,
    params,
  );
  const asRecord = (parts: { part: string; value: number }[]) =>
    Object.fromEntries(parts.map(({ part, value }) => [part, value]));
  return { departments: asRecord(departmentParts), kinds: asRecord(kindParts) };
}

async function countedBy(question: Question, wanted: 'messages' | 'people') {
  const below = question.departmentId
    ? (
        await world.db.rows<{ id: string }>(
          'with recursive b as (select id from departments where id = $1 union all select d.id from departments d join b on d.parent_id = b.id) select id from b',
          [question.departmentId],
        )
      ).map((row) => row.id)
    : null;
  const what = wanted === 'messages' ? 'count(*)' : 'count(distinct m.sender_id)';
  const rows = `from messages m join users u on u.id = m.sender_id join conversations c on c.id = m.conversation_id
    where m.created_at >= $1::timestamp at time zone $3 and m.created_at < $2::timestamp at time zone $3 and ($4::uuid[] is null or m.department_id = any ($4))
      and ($5::text[] is null or c.kind = any ($5)) and ($6::boolean is null or (u.kind = 'bot') = $6)
      and case $7::text when 'gone' then m.department_id is not null and not exists (select from departments d where d.id = m.department_id) else true end`;
  const params = [
    question.from,
    question.to,
    question.timeZone,
    below,
    question.conversationKinds ?? null,
    question.bots ?? null,
    question.departmentScope ?? null,
  ];
  return { what, rows: question.departmentScope === 'own' ? `${rows} ${ownOf(question)}` : rows, params };
}

/** Directly in the department, or in none: written out, since the list above holds what is below it. */
const ownOf = ({ departmentId }: Question) =>
  departmentId ? `and m.department_id = '${departmentId}'` : 'and m.department_id is null';

/** Minutes of the UTC day at which days begin in Kathmandu, Kolkata, on Lord Howe, the Chatham Islands, and in St. John's, summer and winter. */
const oddMidnights = [1_095, 1_110, 780, 810, 615, 675, 150, 210];
/** Any minute of 150 days, every other one within an hour of such a midnight. */
const anyMinute = fc.oneof(
  fc.nat(150 * 1_440),
  fc
    .tuple(fc.nat(149), fc.constantFrom(...oddMidnights), fc.integer({ min: -59, max: 59 }))
    .map(([day, midnight, beside]) => day * 1_440 + midnight + beside),
);

const anyQuestion: fc.Arbitrary<Question> = fc
  .record({
    from: fc
      .integer({ min: -20, max: 160 })
      .map((days) => new Date(Date.UTC(2024, 0, 1) + days * 86_400_000).toISOString().slice(0, 10)),
    length: fc.integer({ min: 1, max: 200 }),
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'Asia/Shanghai',
      'America/New_York',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Pacific/Kiritimati',
      'Pacific/Chatham',
      'America/St_Johns',
    ),
    grain: fc.constantFrom(...grains),
    departmentId: fc.constantFrom(null, null, ...departments),
    departmentScope: fc.constantFrom<DepartmentScope | null>(null, null, 'below', 'own', 'gone'),
    conversationKinds: fc.constantFrom<string[] | null>(null, ['direct'], ['group', 'channel']),
    bots: fc.constantFrom(null, true, false),
  })
  .map(({ length, ...question }) => ({
    ...question,
    // A department that is named is not gone: that is refused.
    departmentScope: question.departmentId && question.departmentScope === 'gone' ? null : question.departmentScope,
    to: new Date(Date.parse(question.from) + length * 86_400_000).toISOString().slice(0, 10),
  }));

const ask = (metric: string, question: Question) =>
  inWork(world.app.house, system('an analyst'), (work) => series(work, metric, question));

const takeApart = (metric: string, question: Question) =>
  inWork(world.app.house, system('an analyst'), (work) => breakdown(work, metric, question));
const sumOf = (parts: { value: number }[]) => parts.reduce((sum, { value }) => sum + value, 0);
/** What a breakdown shows, silent parts aside, in the words of the count by hand. */
const partsOf = ({ departments: bars, kinds }: Breakdown) => ({
  departments: Object.fromEntries(
    bars
      .filter(({ value }) => value > 0)
      .map(({ scope, departmentId, value }) => [scope === 'below' ? departmentId : scope, value]),
  ),
  kinds: Object.fromEntries(kinds.map(({ kind, value }) => [kind, value])),
});

test('every number, whole and taken apart, equals a brute-force count over the messages, whatever the history, range, time zone and filter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ who: fc.nat(7), where: fc.nat(2), minute: anyMinute }), {
        minLength: 1,
        maxLength: 300,
        // Left to itself, fast-check makes ten at most.
        size: 'max',
      }),
      fc.array(anyQuestion, { minLength: 5, maxLength: 5 }),
      async (history, questions) => {
        await happen(history);
        await taken();
        for (const question of questions) {
          for (const [metric, kind] of [
            ['messages.sent', 'messages'],
            ['people.active', 'people'],
          ] as const) {
            const shown = await ask(metric, question);
            const counted = await byHand(question, kind);
            expect({ points: shown.points, total: shown.total }, JSON.stringify(question)).toEqual(counted);
            expect({ points: shown.previous.points, total: shown.previous.total }).toEqual(
              await byHand({ ...question, ...shown.previous }, kind),
            );
            const apart = await takeApart(metric, question);
            expect(partsOf(apart), JSON.stringify(question)).toEqual(await partsByHand(question, kind));
            expect(apart.total).toBe(shown.total);
            expect(kind === 'messages' ? sumOf(apart.departments) : shown.total, 'parts add up').toBe(shown.total);
          }
        }
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
});

test('no clock in the world has been off UTC by other than quarters of an hour since the first year that can be asked for', () => {
  const odd = Intl.supportedValuesOf('timeZone').filter((timeZone) => {
    const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const offsets = Array.from({ length: 240 }, (_, half) =>
      format.formatToParts(Date.UTC(1980, half * 6)).find((part) => part.type === 'timeZoneName'),
    );
    return !offsets.every((offset) => /^GMT([+-]\d\d:(00|15|30|45))?$/.test(offset?.value ?? ''));
  });
  expect(odd).toEqual([]);
});

test('the events behind a number are exactly as many as it says, each a message that was stored', async () => {
  const question: Question = {
    from: '2024-03-01',
    to: '2024-06-01',
    timeZone: 'Europe/Berlin',
    grain: 'month',
    bots: false,
  };
  const { total } = await ask('messages.sent', question);
  const opened: string[] = [];
  let after: string | null = null;
  do {
    const page = await inWork(world.app.house, system('an analyst'), (work) =>
      eventsBehind(work, 'messages.sent', question, { after, first: 50 }),
    );
    opened.push(...page.events.map((event) => event.messageId));
    after = page.next;
  } while (after);
  expect(opened.length).toBe(total);
  expect(new Set(opened).size).toBe(total);
  const [{ count }] = (await world.db.rows<{ count: number }>('select count(*) from messages where id = any ($1)', [
    opened,
  ])) as [{ count: number }];
  expect(count).toBe(total);
});

test('each part opens exactly the events it counts, those of no department and of deleted ones too', async () => {
  const question: Question = { from: '2024-01-01', to: '2024-06-01', timeZone: 'Europe/Berlin', grain: 'month' };
  const parts: Question[] = [];
  for (const departmentId of [null, departments[0]!]) {
    const { departments: bars, path } = await takeApart('messages.sent', { ...question, departmentId });
    expect(path.map(({ id }) => id)).toEqual(departmentId ? [departmentId] : []);
    // Silent departments are shown, with 0: that is what they are.
    const children = departmentId ? [1, 3] : [0, 4];
    expect(new Set(bars.filter(({ scope }) => scope === 'below').map((bar) => bar.departmentId))).toEqual(
      new Set(children.map((at) => departments[at])),
    );
    for (const bar of bars) {
      const part: Question = { ...question, departmentId: bar.departmentId, departmentScope: bar.scope };
      expect((await ask('messages.sent', part)).total, bar.scope).toBe(bar.value);
      parts.push(part);
    }
  }
  expect(new Set(parts.map(({ departmentScope }) => departmentScope))).toEqual(new Set(['below', 'own', 'gone']));
  for (const part of parts) {
    let opened = 0;
    let after: string | null = null;
    do {
      const page = await inWork(world.app.house, system('an analyst'), (work) =>
        eventsBehind(work, 'messages.sent', part, { after, first: 200 }),
      );
      opened += page.events.length;
      after = page.next;
    } while (after);
    expect(opened, part.departmentScope!).toBe((await ask('messages.sent', part)).total);
  }
});

test('a department with thousands below it is asked about like any other', async () => {
  const many = Array.from({ length: 2_000 }, () => newId());
  await world.db.rows(
    `insert into departments (id, name, parent_id) select id, 'Team ' || n, $2 from unnest($1::uuid[]) with ordinality as made (id, n)`,
    [many, departments[0]],
  );
  const question: Question = { from: '2024-01-01', to: '2025-01-01', timeZone: 'UTC', grain: 'month' };
  const of = { ...question, departmentId: departments[0]! };
  expect((await ask('messages.sent', of)).total).toBe((await byHand(of, 'messages')).total);
  const { departments: bars, departmentsLeft } = await takeApart('messages.sent', of);
  expect(bars.reduce((sum, { value }) => sum + value, 0)).toBe((await ask('messages.sent', of)).total);
  expect(departmentsLeft).toBeGreaterThan(1_900);
  await world.db.rows('delete from departments where id = any ($1)', [many]);
});

test('the standing check finds and repairs what nobody expected, and repairs nothing that is right', async () => {
  const client = await world.db.client('check');
  await client.query(`update analytics_check set swept_to = null, hours_repaired = 0`);
  const sweep = async () => {
    do expect(await checkOnce(store, client)).toBe(true);
    while ((await client.query('select swept_to from analytics_check')).rows[0].swept_to !== null);
    return (await client.query('select hours_repaired as n, last_difference as last from analytics_check')).rows[0] as {
      n: number;
      last: unknown;
    };
  };
  expect((await sweep()).n, 'no false repair').toBe(0);
  const { rows: hours } = await store.query<{ hour: string }>(
    'select distinct toString(hour) as hour from activity order by hour limit 6',
  );
  const [a, b, c] = [hours[0]!.hour, hours[2]!.hour, hours[4]!.hour];
  await store.command(`alter table events delete where toStartOfHour(at) = toDateTime('${a}')`);
  await store.command(`alter table activity delete where hour = toDateTime('${b}')`);
  await store.command(
    `insert into events select generateUUIDv4(), kind, at, person, bot, department, conversation, conversation_kind, message from events where toStartOfHour(at) = toDateTime('${c}')`,
  );
  const { n, last } = await sweep();
  expect(n).toBe(3);
  expect(last).not.toBeNull();
  const question: Question = { from: '2024-01-01', to: '2026-01-02', timeZone: 'UTC', grain: 'month' };
  expect((await ask('messages.sent', question)).total).toBe((await byHand(question, 'messages')).total);
  expect((await sweep()).n, 'nothing more to repair').toBe(3);
  await client.end();
});
