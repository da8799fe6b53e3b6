import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from './kernel/migrate.ts';
import { errandPool } from './kernel/pool.ts';
import { freshDatabase, type FreshDatabase } from './testing/database.ts';

/*
 * What an installation of an earlier version finds after the migrations of revisions and intervals: what its tables
 * knew, and nothing made up.
 */

const migrations = new URL('migrations/', import.meta.url).pathname;
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const [ada, ben, group, direct] = [uuid(1), uuid(2), uuid(3), uuid(4)];

let database: FreshDatabase;
let pool: pg.Pool;
let earlier: string;
let upgradedAt: Date;

beforeAll(async () => {
  database = await freshDatabase();
  pool = errandPool(database.url);
  await pool.query('drop schema public cascade; create schema public');
  earlier = mkdtempSync(path.join(tmpdir(), 'parley-earlier-'));
  for (const file of readdirSync(migrations).filter((name) => name < '0074'))
    cpSync(path.join(migrations, file), path.join(earlier, file));
  await migrate(pool, () => {}, earlier);
  await pool.query(`
    insert into departments (id, name, created_at, updated_at) values ('${uuid(9)}', 'Sales', '2026-01-01Z', '2026-02-01Z');
    insert into users (id, kind, name, department_id, status, suspended_at, created_at, updated_at) values
      ('${ada}', 'person', 'Ada', '${uuid(9)}', 'active', null, '2026-01-01Z', '2026-03-01Z'),
      ('${ben}', 'person', 'Ben', null, 'suspended', '2026-04-01Z', '2026-01-01Z', '2026-04-02Z');
    insert into role_grants (user_id, role, granted_at) values ('${ada}', 'owner', '2026-01-02Z');
    insert into settings (name, value, updated_at) values ('organisation', '"Lantern"', '2026-01-03Z');
    insert into conversations (id, kind, name) values ('${group}', 'group', 'Group'), ('${direct}', 'direct', null);
    insert into members (conversation_id, user_id, role, joined_at, left_at) values
      ('${group}', '${ada}', 'owner', '2026-01-05Z', null), ('${group}', '${ben}', 'member', '2026-01-05Z', '2026-01-06Z'),
      ('${direct}', '${ada}', 'member', '2026-01-07Z', null);
    insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, mentions, created_at, edited_at, recalled_at) values
      ('${uuid(21)}', '${group}', 1, 1, 1, '${ada}', 'a', 'stands', '{}', '2026-01-08Z', null, null),
      ('${uuid(22)}', '${group}', 2, 2, 2, '${ada}', 'b', 'edited', '{}', '2026-01-08Z', '2026-01-09Z', null),
      ('${uuid(23)}', '${group}', 3, 3, 3, '${ada}', 'c', 'recalled', '{${ben}}', '2026-01-08Z', null, '2026-01-10Z'),
      ('${uuid(24)}', '${group}', 4, 4, 4, '${ada}', 'd', 'edited, recalled', '{}', '2026-01-08Z', '2026-01-09Z', '2026-01-10Z')`);
  upgradedAt = (await pool.query<{ at: Date }>('select now() as at')).rows[0]!.at;
  await migrate(pool);
});
afterAll(async () => {
  rmSync(earlier, { recursive: true, force: true });
  await pool.end();
  await database.drop();
});

const rows = async (sql: string) => (await pool.query<Record<string, unknown>>(sql)).rows;
const day = (text: string) => new Date(`${text}T00:00:00Z`);

test('texts recalled earlier are moved into revisions, and edited messages get none', async () => {
  expect(await rows('select seq::int, body, mentions from messages order by seq')).toEqual([
    { seq: 1, body: 'stands', mentions: [] },
    { seq: 2, body: 'edited', mentions: [] },
    { seq: 3, body: '', mentions: [] },
    { seq: 4, body: '', mentions: [] },
  ]);
  const written = { number: 1, replaced_by: null, ended_by: 'recall', replaced_at: day('2026-01-10') };
  expect(await rows('select * from revisions order by message_id')).toEqual([
    { ...written, message_id: uuid(23), body: 'recalled', mentions: [ben], written_at: day('2026-01-08') },
    { ...written, message_id: uuid(24), body: 'edited, recalled', mentions: [], written_at: day('2026-01-09') },
  ]);
});

test('memberships are known since they began, their roles only since the upgrade', async () => {
  const found = await rows(
    'select conversation_id as room, user_id as person, role, from_at, to_at from membership_intervals order by 1, 2, from_at',
  );
  const since = found[1]!['from_at'] as Date;
  expect(since.getTime()).toBeGreaterThanOrEqual(upgradedAt.getTime());
  expect(found).toEqual([
    { room: group, person: ada, role: null, from_at: day('2026-01-05'), to_at: since },
    { room: group, person: ada, role: 'owner', from_at: since, to_at: null },
    { room: group, person: ben, role: null, from_at: day('2026-01-05'), to_at: day('2026-01-06') },
    { room: direct, person: ada, role: 'member', from_at: day('2026-01-07'), to_at: null },
  ]);
});

test('other facts are taken over with since when they are known and if they began then', async () => {
  expect(await rows('select * from role_intervals')).toEqual([
    { user_id: ada, role: 'owner', from_at: day('2026-01-02'), to_at: null },
  ]);
  expect(await rows('select * from setting_intervals')).toEqual([
    { name: 'organisation', value: 'Lantern', from_at: day('2026-01-03'), to_at: null },
  ]);
  expect(await rows('select * from department_intervals')).toEqual([
    { user_id: ada, department_id: uuid(9), from_at: day('2026-03-01'), from_known: false, to_at: null },
  ]);
  expect(await rows('select * from status_intervals')).toEqual([
    { user_id: ben, status: 'suspended', from_at: day('2026-04-01'), from_known: true, to_at: null },
  ]);
  expect(await rows('select * from department_tree_intervals')).toEqual([
    {
      department_id: uuid(9),
      name: 'Sales',
      parent_id: null,
      from_at: day('2026-02-01'),
      from_known: false,
      to_at: null,
    },
  ]);
});
