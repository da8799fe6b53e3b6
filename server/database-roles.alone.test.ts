import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hash } from '@node-rs/argon2';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { newId } from './kernel/ids.ts';
import { TestClient, until } from './testing/client.ts';
import { freshDatabase, type FreshDatabase } from './testing/database.ts';
import { ServerProcess } from './testing/server-process.ts';
import { passwordOf } from './testing/world.ts';

/*
 * The recipes of docs/operating.md, run as they stand there but for names and passwords, and the real server under the
 * roles they make.
 */

const mark = `${process.pid}_${Date.now().toString(36)}`;
const cluster = inject('cluster').databaseUrl;
let home: string;
let fresh: FreshDatabase;
let server: ServerProcess | undefined;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'parley-roles-'));
  fresh = await freshDatabase();
});
afterEach(() => server?.stop());
afterAll(async () => {
  for (const kind of ['two', 'one']) {
    await sql(cluster, `drop database if exists ${kind}_${mark} with (force)`);
    for (const role of ['owner', 'app', 'only']) await sql(cluster, `drop role if exists ${role}_${kind}_${mark}`);
  }
  await fresh.drop();
  rmSync(home, { recursive: true, force: true });
});

async function sql(url: string, text: string, params: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text, params);
  } finally {
    await client.end();
  }
}

/** The SQL blocks of the paper, in order: two roles, one role. */
function recipe(index: number, names: Record<string, string>): string[] {
  const paper = readFileSync(path.join(import.meta.dirname, '../docs/operating.md'), 'utf8');
  const block = [...paper.matchAll(/```sql\n([^`]+)```/g)][index]![1]!;
  return Object.entries(names)
    .reduce((text, [from, to]) => text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to), block)
    .split(';')
    .map((statement) => statement.trim())
    .filter(Boolean);
}

const urlOf = (role: string, password: string, database: string) => {
  const url = new URL(cluster);
  Object.assign(url, { username: role, password: encodeURIComponent(password), pathname: `/${database}` });
  return url.href;
};

/**
 * Starts the server under these addresses, sends a message as a person, and waits until it is sealed in the audit log
 * and indexed.
 */
async function works(env: Record<string, string>, owner: string): Promise<void> {
  server = await ServerProcess.prepare({
    ...env,
    CLICKHOUSE_URL: fresh.clickhouseUrl,
    PARLEY_DATA: path.join(home, 'data'),
    PARLEY_ACCEPT_UNSAFE_DATABASE: 'true',
  });
  await server.start();
  const id = newId();
  await sql(owner, `insert into users (id, kind, name, email) values ($1, 'person', 'Ada', 'ada@example.com')`, [id]);
  const stored = await hash(passwordOf('Ada'), { memoryCost: 1024, timeCost: 1 });
  await sql(owner, 'insert into passwords (user_id, hash) values ($1, $2)', [id, stored]);
  await sql(owner, `insert into role_grants (user_id, role) values ($1, 'member')`, [id]);
  const person = { id, name: 'Ada', email: 'ada@example.com', password: passwordOf('Ada') };
  const ada = await TestClient.signIn(server.origin, person);
  await ada.connect();
  await ada.says('hello budget', { in: await ada.group('Room', []) });
  await until(
    async () => (await sql(owner, 'select from audit_entries where position is not null')).rowCount! > 0,
    'an entry to be sealed',
  );
  await until(
    async () => (await ada.call('message:search', { query: 'budget' })).hits.length === 1,
    'the message to be found',
  );
  ada.close();
  expect(server.said).not.toMatch(/permission denied|must be owner/);
}

test('two roles: the application works, and cannot touch the audit log or the tables', async () => {
  const [owner, app, database] = [`owner_two_${mark}`, `app_two_${mark}`, `two_${mark}`];
  for (const statement of recipe(0, { parley_owner: owner, parley_app: app, parley: database }))
    await sql(cluster, statement);
  const [ownerUrl, appUrl] = [urlOf(owner, 'one password', database), urlOf(app, 'another password', database)];
  await works({ DATABASE_URL: appUrl, PARLEY_DATABASE_OWNER_URL: ownerUrl }, ownerUrl);
  const roles = await sql(appUrl, 'select rolsuper from pg_roles where rolname = current_user');
  expect(roles.rows).toEqual([{ rolsuper: false }]);
  for (const refused of [
    `update audit_entries set reason = 'x'`,
    'delete from audit_entries',
    'truncate audit_entries',
    'alter table audit_entries disable trigger all',
    'drop trigger audit_entries_fixed on audit_entries',
    `set session_replication_role = 'replica'`,
    `update audit_statements set line = 'x'`,
    'delete from audit_statements',
    'drop table audit_statements',
    `insert into schema_migrations (name, checksum) values ('x', 'x')`,
    'create table notes (id int)',
    'alter table users add column x int',
    `create function audit_entries_fixed() returns trigger language plpgsql as 'begin return new; end'`,
  ])
    await expect(sql(appUrl, refused), refused).rejects.toMatchObject({ code: '42501' });
});

test('one role that is no superuser: the application works', async () => {
  const [only, database] = [`only_one_${mark}`, `one_${mark}`];
  const statements = recipe(1, { parley: only });
  for (const statement of statements)
    await sql(cluster, statement.replace(`create database ${only}`, `create database ${database}`));
  const url = urlOf(only, 'a password', database);
  await works({ DATABASE_URL: url }, url);
  await expect(sql(url, 'delete from audit_entries')).rejects.toThrow('only ever added to');
});
