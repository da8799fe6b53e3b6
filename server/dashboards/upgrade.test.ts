import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateClickhouse, openClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, type EventRow } from '@parley/analytics/ingest.ts';
import { ingestAgain } from '@parley/analytics/ingest-again.ts';
import { fingerprints, once } from '@parley/analytics/roll-up.ts';
import { newId } from '../kernel/ids.ts';
import { freshDatabase } from '../testing/database.ts';

/* A store that an earlier version filled is brought to this one, and what the earlier version had begun is not counted twice. */

const statementsIn = (name: string) =>
  readFileSync(new URL(`../../analytics/migrations/${name}`, import.meta.url), 'utf8')
    .split(/^;$/m)
    .filter((statement) => statement.trim());

let store: Clickhouse;
const hourMs = 3_600_000;
const [departments, rooms] = [[newId(), null], ['direct', 'group', 'channel'].map((kind) => ({ id: newId(), kind }))];

/** Events of hours far apart: one every few days, in thirteen years. */
const history = (from: number, count: number): EventRow[] =>
  Array.from({ length: count }, (_, n) => {
    const [id, room] = [newId(), rooms[n % 3]!];
    return {
      eventId: id,
      kind: 'message',
      at: from + Math.floor((n * 13 * 365 * 24) / count) * hourMs + n,
      person: 1 + ((n * 7) % 90),
      bot: n % 10 === 0,
      department: departments[n % 2]!,
      conversation: room.id,
      conversationKind: room.kind,
      message: id,
    };
  });
const first = history(Date.UTC(2008), 450);

beforeAll(async () => {
  store = openClickhouse((await freshDatabase()).clickhouseUrl);
  await store.command(
    'create table analytics_migrations (name String, at DateTime default now()) engine = MergeTree order by name',
  );
  for (const statement of statementsIn('0001_events.sql')) await store.command(statement);
  await store.command(`insert into analytics_migrations (name) values ('0001_events.sql')`);
  await ingest(store, first, 'before');
});
afterAll(() => store.close());

/** Events, what the roll-up makes of them, and the hours in which the two disagree. */
async function counted(): Promise<{ events: number; rolledUp: number; people: number; disagree: number }> {
  const hours = await fingerprints(store, { from: 0, to: Date.UTC(2100) });
  const { rows } = await store.query<{ people: number }>(
    `select groupBitmapMerge(people) as people from activity where ${once}`,
  );
  const sum = (of: (hour: (typeof hours)[number]) => number) => hours.reduce((all, hour) => all + of(hour), 0);
  return {
    events: sum(({ events }) => events),
    rolledUp: sum(({ rolledUp }) => rolledUp),
    people: rows[0]!.people,
    disagree: hours.filter(({ agrees }) => !agrees).length,
  };
}

test('a store filled by the first version counts the same after the upgrade, wherever the upgrade was cut off before', async () => {
  const all = { events: 450, rolledUp: 450, people: 90, disagree: 0 };
  const steps = statementsIn('0002_activity.sql');
  for (let done = 0; done <= steps.length; done++) {
    // A start that was cut off after so many statements, and had not yet written down that it was there.
    for (const statement of steps.slice(0, done)) await store.command(statement);
    await store.command(`alter table analytics_migrations delete where name = '0002_activity.sql'`);
    expect(await migrateClickhouse(store)).toEqual(['0002_activity.sql']);
    expect(await counted(), `cut off after ${done} of ${steps.length}`).toEqual(all);
  }
  expect(await migrateClickhouse(store), 'once is enough').toEqual([]);
  const { rows } = await store.query<{ name: string }>(
    `select name from system.tables where database = currentDatabase() order by name`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['activity', 'activity_feed', 'analytics_migrations', 'events']);
});

test('a batch the first version had written and not yet ticked off counts once after the upgrade', async () => {
  await ingestAgain(store, first, 'before', newId());
  expect(await counted()).toEqual({ events: 450, rolledUp: 450, people: 90, disagree: 0 });
});

test('a batch that spans more than a hundred months is taken, once', async () => {
  const long = history(Date.UTC(1990), 400);
  await ingest(store, long, 'a slow list');
  await ingest(store, long, 'a slow list');
  expect(await counted()).toEqual({ events: 850, rolledUp: 850, people: 90, disagree: 0 });
});
