import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '../server/kernel/database.ts';
import { createLog } from '../server/kernel/log.ts';
import { until } from '../server/testing/client.ts';
import { freshDatabase } from '../server/testing/database.ts';
import { recount } from '../server/testing/recount.ts';
import { told } from '../server/testing/told.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'parley-import-'));
const script = fileURLToPath(new URL('import.ts', import.meta.url));
const endings: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const end of endings) await end();
  rmSync(folder, { recursive: true, force: true });
});

/** An empty house, and the command as somebody would run it there. */
async function terminal(more: Record<string, string> = {}) {
  const fresh = await freshDatabase();
  const db = openDatabase(fresh.url, createLog('silent'), { poolSize: 2 });
  endings.push(async () => {
    await db.close();
    await fresh.drop();
  });
  const start = (...args: string[]) => {
    const env = {
      ...process.env,
      DATABASE_URL: fresh.url,
      CLICKHOUSE_URL: fresh.clickhouseUrl,
      PARLEY_DATA: folder,
      ...more,
    };
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const ended = new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) =>
      child.on('close', (code, signal) => resolve({ code, signal, ...said })),
    );
    return { child, ended };
  };
  return { db, start, run: (...args: string[]) => start(...args).ended };
}

/** A busy channel and one with topics: enough batches to be killed in the middle of. */
const many = path.join(folder, 'many.ndjson');
const messages = 24_000;
writeFileSync(
  many,
  Array.from({ length: messages }, (_, n) => {
    const channel = n % 3 === 0 ? 'plans' : 'yard';
    return JSON.stringify({
      id: `m-${n}`,
      channel,
      topic: channel === 'plans' ? `plan ${n % 40}` : '',
      sender: `Hand ${n % 60}`,
      ts: new Date(Date.UTC(2024, 0, 1) + n * 1_000).toISOString(),
      text: `words ${n} to @Hand ${(n * 7) % 60}`,
      ...(n % 5 === 0 ? { reply_to: `m-${n - 1}` } : {}),
    });
  }).join('\n'),
);

const everything = async (db: Database) =>
  (
    await db.rows<{
      digest: string;
    }>(`select md5(string_agg(md5(to_jsonb(m)::text), '' order by conversation_id, seq)) as digest from messages m
     union all select md5(string_agg((to_jsonb(m))::text, '' order by conversation_id, user_id)) from members m
     union all select md5(string_agg((to_jsonb(c) - 'updated_at')::text, '' order by id)) from conversations c
     union all select md5(string_agg((to_jsonb(f))::text, '' order by thread_id, user_id)) from thread_follows f
     union all select md5(string_agg((to_jsonb(n))::text, '' order by user_id, conversation_id, seq)) from mentions n`)
  ).map(({ digest }) => digest);

test('killed −9 in the middle and run again, it is what one run gives', async () => {
  const whole = await terminal();
  expect(await whole.run(many)).toMatchObject({
    code: 0,
    out: expect.stringContaining('New 24,000, already there 0, skipped 0, malformed 0.'),
  });

  const cut = await terminal();
  const first = cut.start(many);
  await until(
    async () => (await cut.db.rows('select 1 from import_runs where messages > 0')).length > 0,
    'the first batch',
    60_000,
  );
  first.child.kill('SIGKILL');
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  const [{ stored } = { stored: 0 }] = await cut.db.rows<{ stored: number }>('select count(*) as stored from messages');
  expect(stored).toBeGreaterThan(0);
  expect(stored).toBeLessThan(messages);
  expect(await recount(cut.db)).toEqual([]);

  // The killed process's connection, and with it its lock on the source, goes when the server notices.
  await until(
    async () =>
      (
        await cut.db.rows(
          `select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
        )
      ).length === 0,
    'the lock to go',
  );
  expect(await cut.run(many)).toMatchObject({ code: 0 });
  expect(await everything(cut.db)).toEqual(await everything(whole.db));
  expect(await recount(cut.db)).toEqual([]);
  expect(await cut.db.rows('select messages, finished_at is not null as finished from import_runs')).toEqual([
    { messages, finished: true },
  ]);
});

test('Ctrl-C stops between two batches, says how to go on, and ends with 130', async () => {
  const { db, start, run } = await terminal();
  const first = start(many);
  await until(
    async () => (await db.rows('select 1 from import_runs where messages > 0')).length > 0,
    'the first batch',
    60_000,
  );
  first.child.kill('SIGINT');
  first.child.kill('SIGINT');
  const ended = await first.ended;
  expect(ended).toMatchObject({
    code: 130,
    signal: null,
    out: expect.stringContaining('run the same command again to complete it'),
  });
  const [{ stored } = { stored: 0 }] = await db.rows<{ stored: number }>('select count(*) as stored from messages');
  expect(stored % 4_000).toBe(0);
  expect(await run(many)).toMatchObject({ code: 0 });
  expect(await db.rows('select count(*) as stored from messages')).toEqual([{ stored: messages }]);
});

test('it says what it did in sentences, and what was wrong by line', async () => {
  const { run } = await terminal();
  const file = path.join(folder, 'town.ndjson');
  writeFileSync(file, told.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  const { code, out } = await run(file);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^town: 4 channels, 9 people, 21 messages in \d+\.\d s \([\d,]+ a second\)\.\nNew 20, already there 0, skipped 1, malformed 9\.\n {2}line 4: not JSON/,
  );
  expect(out).toContain('  line 8: text: missing or empty\n');
  expect(out).toMatch(/\n10 lines were not imported, for the reasons above; the others were\. .*--strict/);

  expect(await run(file, '--strict', '--source', 'other')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('Line 4 of'),
  });
});

test('files in another format are named, the others imported, and the code is 1', async () => {
  const { db, run } = await terminal();
  const lines = (name: string, id: string) => {
    const file = path.join(folder, name);
    const line = { id, channel: 'yard', sender: 'Ida', ts: '2024-05-01T08:00:00Z', text: 'x' };
    writeFileSync(file, JSON.stringify(line));
    return file;
  };
  const slack = path.join(folder, 'channels.json');
  writeFileSync(slack, '[\n {\n  "id": "C024BE91L",\n  "created": 1,\n  "members": []\n }\n]\n');
  const none = path.join(folder, 'none.ndjson');
  writeFileSync(none, '{}\n');
  const files = [lines('one.ndjson', 'o-1'), slack, none, lines('two.ndjson', 'o-2')];
  const { code, out, err } = await run(...files);
  expect(code).toBe(1);
  expect(err).toMatch(/channels\.json looks like a Slack export: this format is not supported yet/);
  expect(err).toMatch(/The only line of .*none\.ndjson cannot be imported \(line 1: id: missing or empty\)/);
  expect(out).toMatch(
    /^one: 1 channel, 1 person, 1 message .*\nNew 1,[^]*\nnone: 0 channels, 0 people, 0 messages [^]*\ntwo: /,
  );
  expect(await db.rows('select client_id as id from messages order by 1')).toEqual([{ id: 'o-1' }, { id: 'o-2' }]);
  expect(await run(lines('one.ndjson', 'o-1'))).toMatchObject({ code: 0, err: '' });
});

test('a database that does not answer is said with its setting', async () => {
  const { run } = await terminal({ DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' });
  const { code, err } = await run(many);
  expect(code).toBe(1);
  expect(err).toMatch(/^No PostgreSQL answers at 127\.0\.0\.1:1: .*DATABASE_URL\.\n$/);
});

test.each<[string, string[], RegExp]>([
  ['no file', [], /^Usage: npm run import/],
  ['an unknown option', ['x.ndjson', '--fast'], /--fast/],
  ['an unknown word for --members', ['x.ndjson', '--members', 'all'], /--members: must be none, owners or everyone/],
  ['a file that is not there', [path.join(folder, 'nothing.ndjson')], /nothing\.ndjson: there is no such file/],
])('%s is answered with a sentence and the code 1', async (_what, args, sentence) => {
  const { run } = await terminal();
  const ended = await run(...args);
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(sentence);
  expect(ended.err).not.toMatch(/\n\s+at /);
});
