import { Readable } from 'node:stream';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshDatabase } from '../testing/database.ts';
import type { FreshDatabase } from '../testing/database.ts';

/* Through ClickHouse's own client, as analytics use it: what passes here is what a real server would answer, too. */

let database: FreshDatabase;
const open = (options: Parameters<typeof createClient>[0] = {}) =>
  createClient({ url: database.clickhouseUrl, log: { level: 127 }, ...options });
let client: ReturnType<typeof open>;

beforeAll(async () => {
  database = await freshDatabase();
  client = open();
  await client.command({
    query:
      'create table person (id UInt32, name String, at DateTime64(3) default now64(3)) engine = MergeTree order by id',
  });
});
afterAll(async () => {
  await client.close();
  await database.drop();
});

const rows = async <T>(query: string, query_params: Record<string, unknown> = {}, from = client): Promise<T[]> =>
  (await from.query({ query, query_params, format: 'JSONEachRow' })).json<T>();

test('parameters too long for an address come as the parts of a form', async () => {
  const large = open({ use_multipart_params_auto: true });
  const values = Array.from({ length: 5_000 }, (_, n) => `é'"\r\n--${n}`);
  expect(
    await rows(
      'select length({values:Array(String)}) as count, {values:Array(String)}[2] as second',
      { values },
      large,
    ),
  ).toEqual([{ count: 5000, second: values[1] }]);
  await expect(rows('select {values:Array(String)}, {other:String}', { values }, large)).rejects.toMatchObject({
    code: '456',
  });
  // What a server would refuse is refused here: parts as long as that are put together by the statement.
  const long = 'x'.repeat(128 * 1024);
  expect(await rows('select length({a:String}) + length({b:String}) as n', { a: long, b: long }, large)).toEqual([
    { n: 262144 },
  ]);
  await expect(rows('select {a:String}', { a: `${long}x` }, large)).rejects.toMatchObject({ code: '1000' });
  await large.close();
});

test('it answers both kinds of ping, and only the one with a statement asks for the password', async () => {
  expect(await client.ping()).toEqual({ success: true });
  expect(await client.ping({ select: true })).toEqual({ success: true });
  const address = new URL(database.clickhouseUrl);
  address.password = 'wrong';
  const stranger = open({ url: address.href });
  expect(await stranger.ping()).toEqual({ success: true });
  await expect(stranger.query({ query: 'select 1' })).rejects.toMatchObject({
    code: '516',
    type: 'AUTHENTICATION_FAILED',
  });
  await stranger.close();
});

test('rows go in by several formats and come out as they were, whatever they contain', async () => {
  const names = [
    "O'Neil; drop table person --",
    '企业即时通讯\t"平台"',
    'back\\slash\nnewline',
    '{name:String}',
    '\u0000 zero',
    '🙂',
  ];
  await client.insert({
    table: 'person',
    values: names.map((name, id) => ({ id, name })),
    format: 'JSONEachRow',
    columns: ['id', 'name'],
  });
  await client.insert({
    table: 'person',
    values: [[100, 'compact']],
    format: 'JSONCompactEachRow',
    columns: ['id', 'name'],
  });
  await client.insert({
    table: 'person',
    values: Readable.from(['103\ttab\\tbed\n', '104\tplain'], { objectMode: false }),
    format: 'TabSeparated',
    columns: ['id', 'name'],
  });
  await client.command({ query: "insert into person (id, name) values (101, 'a;b')" });
  const binary = await client.exec({
    query: 'insert into person (id, name) format RowBinary',
    values: Readable.from([Buffer.from([102, 0, 0, 0, 2, 0xff, 0xfe])], { objectMode: false }),
  });
  binary.stream.resume();
  expect(
    (await rows<{ name: string }>('select name from person where id < 100 order by id')).map((row) => row.name),
  ).toEqual(names);
  expect(await rows('select id, hex(name) as hex from person where id >= 100 order by id')).toEqual([
    { id: 100, hex: '636F6D70616374' },
    { id: 101, hex: '613B62' },
    { id: 102, hex: 'FFFE' },
    { id: 103, hex: '74616209626564' },
    { id: 104, hex: '706C61696E' },
  ]);
});

test('an insert says how many rows were written, an empty one writes none', async () => {
  await client.command({ query: 'create table counted (id UInt32) engine = MergeTree order by id' });
  const { summary } = await client.insert({
    table: 'counted',
    values: [{ id: 1 }, { id: 2 }, { id: 3 }],
    format: 'JSONEachRow',
  });
  expect(summary?.written_rows).toBe('3');
  await client.insert({ table: 'counted', values: [], format: 'JSONEachRow' });
  expect(await rows('select count() as n from counted')).toEqual([{ n: 3 }]);
});

test('parameters of every kind are bound, never pasted into the statement', async () => {
  const awkward = "it's \\ a\ttab, a\nline and 中文; select 1";
  const query_params = {
    text: awkward,
    whole: 42,
    list: ['a', "b'c", 'd\\e'],
    nothing: null,
    when: new Date('2026-11-23T10:11:12.345Z'),
    map: { key: 'value' },
    table: 'person',
  };
  const query =
    'select {text:String} as text, {whole:UInt32} as whole, {list:Array(String)} as list, {nothing:Nullable(String)} as nothing, {when:DateTime64(3)} as at, {map:Map(String, String)} as map from {table:Identifier} limit 1';
  const [row] = await rows<Record<string, unknown>>(query, query_params);
  expect(row).toEqual({
    text: awkward,
    whole: 42,
    list: query_params.list,
    nothing: null,
    at: '2026-11-23 10:11:12.345',
    map: { key: 'value' },
  });
});

test('a parameter nobody gave is an error, even if an earlier statement gave one of that name', async () => {
  await rows('select {once:String} as once', { once: 'secret of another' });
  for (let i = 0; i < 6; i++) await expect(rows('select {once:String} as once')).rejects.toMatchObject({ code: '456' });
});

test('statements at the same time keep their parameters and settings to themselves', async () => {
  const answers = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const answer = await client.query({
        query: "select {n:UInt32} as n, getSetting('max_block_size') as size",
        query_params: { n: i },
        clickhouse_settings: { max_block_size: String(1000 + i), ...(i % 3 ? {} : { priority: '2' }) },
        format: 'JSONEachRow',
      });
      return (await answer.json<{ n: number; size: number }>())[0];
    }),
  );
  expect(answers.map((answer) => Number(answer!.n))).toEqual(answers.map((_, i) => i));
  expect(answers.map((answer) => Number(answer!.size))).toEqual(answers.map((_, i) => 1000 + i));
  const untouched = await rows<{ changed: number }>(
    "select changed from system.settings where name = 'max_block_size'",
  );
  expect(untouched).toEqual([{ changed: 0 }]);
});

test('neither SET nor USE nor a temporary table reaches the next statement', async () => {
  await client.command({ query: 'set max_block_size = 77' });
  await client.command({ query: 'use system' });
  await client.command({ query: 'create temporary table fleeting (id Int8)' });
  for (let i = 0; i < 4; i++) {
    const [row] = await rows<{ size: string; database: string }>(
      "select toString(getSetting('max_block_size')) as size, currentDatabase() as database",
    );
    expect(row!.size).not.toBe('77');
    expect(row!.database).toMatch(/^test_/);
    await expect(rows('select * from fleeting')).rejects.toMatchObject({ code: '60' });
  }
});

test('a batch repeated with its token is stored once, in the table and in what views make of it', async () => {
  const window = 'settings non_replicated_deduplication_window = 100';
  await client.command({ query: `create table event (id UInt32, n UInt32) engine = MergeTree order by id ${window}` });
  await client.command({ query: `create table total (n UInt64) engine = SummingMergeTree order by tuple() ${window}` });
  await client.command({ query: 'create materialized view total_of_event to total as select sum(n) as n from event' });
  const insert = (token: string) =>
    client.insert({
      table: 'event',
      values: [
        { id: 1, n: 5 },
        { id: 2, n: 7 },
      ],
      format: 'JSONEachRow',
      clickhouse_settings: {
        insert_deduplication_token: token,
        deduplicate_blocks_in_dependent_materialized_views: 1,
        async_insert: 0,
      },
    });
  await insert('first');
  await insert('first');
  expect(await rows('select count() as n from event')).toEqual([{ n: 2 }]);
  expect(await rows('select sum(n) as n from total')).toEqual([{ n: 12 }]);
  await insert('second');
  expect(await rows('select sum(n) as n from total')).toEqual([{ n: 24 }]);
});

test('databases are apart from each other', async () => {
  const other = await freshDatabase();
  const there = open({ url: other.clickhouseUrl });
  await expect(rows('select * from person', {}, there)).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
  await there.close();
  await other.drop();
});

test('errors carry the code and type of ClickHouse; two statements in one are refused as a server would', async () => {
  await expect(rows('selec 1')).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' });
  await expect(rows('select nonsense')).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' });
  await expect(client.command({ query: 'select 1; select 2' })).rejects.toMatchObject({ code: '62' });
  await expect(client.command({ query: "select ';' -- ; \n;" })).resolves.toBeDefined();
  await expect(
    client.query({ query: 'select 1', clickhouse_settings: { nonsense_setting: '1' } as never }),
  ).rejects.toMatchObject({ code: '115' });
  await expect(client.query({ query: 'select 1', session_id: 'one' })).rejects.toMatchObject({ code: '48' });
});

test('compression works in both directions, streams and large answers arrive whole', async () => {
  const zipped = open({ compression: { request: true, response: true } });
  await zipped.command({ query: 'create table large (id UInt32, text String) engine = MergeTree order by id' });
  await zipped.insert({
    table: 'large',
    values: Array.from({ length: 20_000 }, (_, id) => ({ id, text: `text ${id} 中文` })),
    format: 'JSONEachRow',
  });
  const answer = await zipped.query({ query: 'select id, text from large order by id', format: 'JSONEachRow' });
  let seen = 0;
  for await (const batch of answer.stream())
    for (const row of batch) expect((row.json() as { id: number }).id).toBe(seen++);
  expect(seen).toBe(20_000);
  await zipped.close();
});

test('a light statement does not wait for a heavy one', async () => {
  let heavyIsDone = false;
  const heavy = client
    .query({
      query: 'select max(sipHash64(number)) as m from numbers(60000000)',
      clickhouse_settings: { priority: '2' },
      format: 'JSONEachRow',
    })
    .then((answer) => answer.json())
    .finally(() => (heavyIsDone = true));
  const order: string[] = [];
  const second = client
    .query({ query: 'select 1 as second', clickhouse_settings: { priority: '2' } })
    .then(() => order.push('second heavy'));
  for (let i = 0; i < 5; i++) await rows('select count() as n from person').then(() => order.push('light'));
  expect(heavyIsDone).toBe(false);
  await Promise.all([heavy, second]);
  expect(order).toEqual(['light', 'light', 'light', 'light', 'light', 'second heavy']);
});

test('what its caller gave up while it waited is not run', async () => {
  const blocker = client.query({
    query: 'select max(sipHash64(number)) from numbers(60000000)',
    clickhouse_settings: { priority: '2' },
  });
  await client.command({ query: 'create table late (id UInt32) engine = MergeTree order by id' });
  const gaveUp = new AbortController();
  const late = client.command({
    query: 'insert into late values (1)',
    clickhouse_settings: { priority: '2' },
    abort_signal: gaveUp.signal,
  });
  await rows('select 1 as one'); // by now the insert has arrived and waits behind the heavy one
  gaveUp.abort();
  await expect(late).rejects.toThrow();
  await blocker;
  await client.query({ query: 'select 1', clickhouse_settings: { priority: '2' } });
  expect(await rows('select count() as n from late')).toEqual([{ n: 0 }]);
});

test('it listens on loopback only', () => {
  expect(new URL(inject('cluster').clickhouseUrl).hostname).toBe('127.0.0.1');
});
