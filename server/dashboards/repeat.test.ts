import { createClient } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { migrateClickhouse, openClickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, type EventRow } from '@parley/analytics/ingest.ts';
import { anyKind, everybody } from '@parley/analytics/roll-up.ts';
import { newId } from '../kernel/ids.ts';
import { freshDatabase } from '../testing/database.ts';

/*
 * A batch whose answer was lost comes again under its name. ClickHouse is to know it again, in the base and in every view of it, and the controls
 * show that each of the settings it needs for that is needed.
 */

test('a batch written again under its name changes nothing, in the base and in each of the four ways the roll-up counts it, also after hundreds of others', async () => {
  const store = openClickhouse((await freshDatabase()).clickhouseUrl);
  await migrateClickhouse(store);
  const department = newId();
  const event = (n: number): EventRow => ({
    eventId: newId(),
    kind: 'message',
    at: Date.UTC(2030, 0, 1, 0, n),
    person: n % 7,
    bot: n % 7 === 6,
    department: n % 3 ? department : null,
    conversation: newId(),
    conversationKind: n % 2 ? 'channel' : 'direct',
    message: newId(),
  });
  const batch = Array.from({ length: 90 }, (_, n) => event(n));
  const count = async () =>
    (
      await store.query<{ base: number; view: number[] }>(
        `select (select count() from events) as base, (select groupUniqArray(n) from (select sum(messages) as n from activity group by department = toUUID('${everybody}'), conversation_kind = '${anyKind}')) as view`,
      )
    ).rows[0];
  await ingest(store, batch, 'a batch whose answer was lost');
  expect(await count()).toEqual({ base: 90, view: [90] });
  for (let i = 0; i < 200; i++) await ingest(store, [event(i)], `in between ${i}`);
  await ingest(store, batch, 'a batch whose answer was lost');
  expect(await count()).toEqual({ base: 290, view: [290] });
  await store.close();
});

const window = 'settings non_replicated_deduplication_window = 100';
const carried = 'deduplicate_blocks_in_dependent_materialized_views';
test.each([
  { without: 'nothing', target: window, carries: 1, view: 2 },
  { without: 'a window on the target', target: '', carries: 1, view: 4 },
  { without: carried, target: window, carries: 0, view: 4 },
] as const)(
  'control: a batch inserted twice under its name, without $without, counts $view in the view',
  async ({ target, carries, view }) => {
    const { clickhouseUrl: url } = await freshDatabase();
    const client = createClient({ url });
    for (const query of [
      `create table base (id UInt32) engine = MergeTree order by id ${window}`,
      `create table rolled (n SimpleAggregateFunction(sum, UInt64), k UInt8) engine = AggregatingMergeTree order by k ${target}`,
      'create materialized view feed to rolled as select count() as n, 1 as k from base group by k',
    ])
      await client.command({ query });
    for (let i = 0; i < 2; i++)
      await client.insert({
        table: 'base',
        values: [{ id: 1 }, { id: 2 }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: 'one batch', [carried]: carries },
      });
    const answer = await client.query({
      query: 'select (select count() from base) as base, (select sum(n) from rolled) as view',
      format: 'JSONEachRow',
    });
    expect(await answer.json()).toEqual([{ base: 2, view }]);
    await client.close();
  },
);
