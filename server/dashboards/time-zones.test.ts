import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalTimeZone } from '../kernel/time-zone.ts';
import { until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { analyticsStore } from './numbers.ts';

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'analyst', 'member'] }));
  await until(
    async () => (await olga.graphql(questions('UTC')[0]!)).errors.length === 0,
    'the store to have its tables',
  );
});
afterAll(() => world.close());

const range = (zone: string) =>
  `id: "messages.sent", from: "2026-01-01", to: "2026-01-08", timeZone: ${JSON.stringify(zone)}`;
const questions = (zone: string) => [
  `{ metric(${range(zone)}, grain: day) { total } }`,
  `{ metricBreakdown(${range(zone)}) { total } }`,
  `{ metricEvents(${range(zone)}, grain: day, first: 1) { edges { cursor } } }`,
  `{ overview(timeZone: ${JSON.stringify(zone)}) { messagesToday } }`,
];

test.each([
  'asia/shanghai',
  'utc',
  'prc',
  'PRC',
  'EUROPE/berlin',
  'EST5EDT',
  'est5edt',
  'Etc/GMT+3',
  'etc/gmt-14',
  'GMT0',
  'roc',
  'Asia/Calcutta',
])('the zone %s is answered everywhere', async (zone) => {
  for (const question of questions(zone)) expect((await olga.graphql(question)).errors, question).toEqual([]);
});

test.each([
  'Middle-earth/Shire',
  'SystemV/EST5EDT',
  'Etc/Unknown',
  'UTC+8',
  '+08:00',
  '08:00',
  '-5',
  '\u200butc',
  "UTC') --",
  'x'.repeat(61),
  '',
])('the zone %j is refused', async (zone) => {
  for (const question of questions(zone)) expect((await olga.graphql(question)).code, question).toBe('malformed');
});

test('both stores know every zone under its canonical name', async () => {
  const named = await world.db.rows<{ name: string }>('select name from pg_timezone_names');
  const canonical = new Set(
    [...Intl.supportedValuesOf('timeZone'), ...named.map(({ name }) => name)].flatMap(
      (name) => canonicalTimeZone(name) ?? [],
    ),
  );
  expect(canonical.size).toBeGreaterThan(400);
  const store = world.app.house.parts.use(analyticsStore);
  const unknown: string[] = [];
  for (const zone of canonical) {
    await store
      .query(`select toDateTime(0, {zone:String}) as at`, { zone })
      .catch(() => unknown.push(`ClickHouse ${zone}`));
    await world.db.rows('select now() at time zone $1', [zone]).catch(() => unknown.push(`PostgreSQL ${zone}`));
  }
  expect(unknown).toEqual([]);
});
