import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase } from '../testing/database.ts';
import type { FreshDatabase } from '../testing/database.ts';
import { migrate } from './migrate.ts';
import { errandPool } from './pool.ts';

let database: FreshDatabase;
let pool: pg.Pool;
let directory: string;

beforeAll(async () => {
  database = await freshDatabase();
  pool = errandPool(database.url);
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-migrations-'));
  await pool.query('drop schema public cascade; create schema public');
  return () => rmSync(directory, { recursive: true });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const write = (name: string, sql: string) => writeFileSync(join(directory, name), sql);
const run = () => migrate(pool, () => {}, directory);
const tables = async () =>
  (
    await pool.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations' order by 1",
    )
  ).rows.map((row) => row.name);

test('files run in the order of their numbers, once', async () => {
  write('0002_more.sql', 'alter table fruit add column colour text');
  write('0001_first.sql', 'create table fruit (id int)');
  expect(await run()).toEqual(['0001_first.sql', '0002_more.sql']);
  expect(await run()).toEqual([]);
  write('0003_last.sql', 'create table vegetables (id int)');
  expect(await run()).toEqual(['0003_last.sql']);
  expect(await tables()).toEqual(['fruit', 'vegetables']);
});

test('a file that fails leaves nothing of itself, names its line, and runs when mended', async () => {
  write('0001_first.sql', 'create table fruit (id int);\ncreate table berries (id int);\nselect nonsense from fruit;');
  await expect(run()).rejects.toThrow(/^0001_first\.sql:3: column "nonsense" does not exist/);
  expect(await tables()).toEqual([]);
  write('0001_first.sql', 'create table fruit (id int)');
  expect(await run()).toEqual(['0001_first.sql']);
});

test('processes that start together take turns: each file runs exactly once', async () => {
  write('0001_first.sql', 'create table fruit (id int); select pg_sleep(0.2)');
  write('0002_more.sql', 'insert into fruit values (1)');
  const done = await Promise.all([
    run(),
    migrate(database.url, () => {}, directory),
    migrate(database.url, () => {}, directory),
  ]);
  expect(done.flat().sort()).toEqual(['0001_first.sql', '0002_more.sql']);
  expect((await pool.query('select id from fruit')).rowCount).toBe(1);
});

test('a file altered after it ran is refused before anything else runs', async () => {
  write('0001_first.sql', 'create table fruit (id int)');
  await run();
  write('0001_first.sql', 'create table fruit (id bigint)');
  write('0002_more.sql', 'create table vegetables (id int)');
  await expect(run()).rejects.toThrow('Altered after it ran on this database: 0001_first.sql');
  expect(await tables()).toEqual(['fruit']);
});

test('two files with one number are refused', async () => {
  write('0001_first.sql', 'select 1');
  write('0001_other.sql', 'select 1');
  await expect(run()).rejects.toThrow('Two migrations have the same number');
});

test('the ledger may know files of a newer version: they are left alone', async () => {
  write('0001_first.sql', 'create table fruit (id int)');
  write('0002_newer.sql', 'create table vegetables (id int)');
  await run();
  rmSync(join(directory, '0002_newer.sql'));
  expect(await run()).toEqual([]);
});

test("the product's own migrations bring an empty database to the committed schema's tables", async () => {
  const done = await migrate(pool);
  expect(done[0]).toMatch(/^0001_/);
  expect(await tables()).toContain('messages');
});
