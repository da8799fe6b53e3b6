import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from '@parley/protocol/messages.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { openDatabase, type Database } from '../kernel/database.ts';
import { createLog } from '../kernel/log.ts';
import { deadlocks } from '../kernel/telemetry.ts';
import { recount } from '../testing/recount.ts';
import { Rival, untilLost } from '../testing/rival.ts';
import { openWorld } from '../testing/world.ts';
import { importFile, type ImportOptions } from './imports.ts';
import { badNames, goodNames } from '../testing/names.ts';
import { told } from '../testing/told.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'parley-imports-'));
const databases: { db: Database; fresh: FreshDatabase }[] = [];

/** An empty house. */
async function house(): Promise<Database> {
  const fresh = await freshDatabase();
  const db = openDatabase(fresh.url, createLog('silent'), { poolSize: 2 });
  databases.push({ db, fresh });
  return db;
}

afterAll(async () => {
  for (const { db, fresh } of databases) {
    await db.close();
    await fresh.drop();
  }
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(name: string, lines: readonly (string | object)[]): string {
  const file = path.join(folder, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

/** Every row an import writes, in an order of its own, without the moments at which it was written. */
async function everything(db: Database): Promise<string> {
  const tables = ['users', 'conversations', 'members', 'messages', 'mentions', 'thread_follows'];
  const parts = await Promise.all(
    tables.map((table) =>
      db.rows<{ rows: string }>(
        `select string_agg(r, E'\\n' order by r) as rows from (select (to_jsonb(t) - 'updated_at' - 'number')::text as r from ${table} t) x`,
      ),
    ),
  );
  return parts.map(({ 0: part }, index) => `${tables[index]}\n${part!.rows}`).join('\n');
}

type Shown = {
  channel: string;
  sender: string;
  body: string;
  title: string | null;
  answers: number;
  at: number;
  line: number | null;
  root: string | null;
};
const shown = (db: Database) =>
  db.rows<Shown>(
    `select c.name as channel, u.name as sender, m.body, m.title, m.answers, (extract(epoch from m.created_at) * 1000)::bigint as at, m.line, r.body as root
     from messages m join conversations c on c.id = m.conversation_id join users u on u.id = m.sender_id left join messages r on r.id = m.thread_id order by c.name, m.seq`,
  );

describe('a file with every blemish', () => {
  let db: Database;
  let file: string;
  beforeAll(async () => {
    db = await house();
    file = fileOf('town.ndjson.gz', told);
  });

  test('what can be read is stored in the file’s order with its own times; what cannot is named by its line', async () => {
    const report = await importFile(db, file);
    expect(report).toMatchObject({
      source: 'town',
      stopped: false,
      stored: 20,
      already: 0,
      refused: 1,
      malformed: 9,
      channels: { all: 4, added: 4 },
      people: { all: 9, added: 9 },
    });
    expect(report.problems.map(({ line, what }) => `${line} ${what.replace(/^(not JSON).*/, '$1')}`)).toEqual([
      '4 not JSON',
      '8 text: missing or empty',
      '9 ts: must be a time with its zone, as 2026-03-01T09:30:00Z',
      '12 ts: is no day or hour of the calendar',
      '13 not an object',
      '18 text: longer than 20,000 characters',
      '19 text: holds characters that cannot be stored',
      '24 ts: lies in the future',
      '25 id: missing or empty',
      '26 id: t-1 names another message already',
    ]);
    expect(
      (await shown(db))
        .filter(({ channel }) => channel === 'quay')
        .map(({ sender, body, at }) => [
          sender,
          body.replace(/<@[0-9a-f-]{36}>/, '<@Omar>'),
          new Date(at).toISOString(),
        ]),
    ).toEqual([
      ['Ida', 'first of three at one time', '2024-05-01T08:00:00.000Z'],
      ['Ida', 'second', '2024-05-01T08:00:00.000Z'],
      ['Omar', 'third', '2024-05-01T08:00:00.000Z'],
      ['Unknown (town)', 'who am I?', '2024-05-01T08:01:00.000Z'],
      ['عمر', 'مرحبا بالجميع', '2024-05-01T08:02:00.123Z'],
      ['王小明', '你好，<@Omar> 早上好\t制表符和\\反斜线', '2024-05-01T08:03:00.000Z'],
      ['Ida', 'a second earlier than the line before', '2024-05-01T08:02:59.000Z'],
      ['Beacon', 'deployed\r\nwith a carriage return', '2024-05-01T08:04:00.000Z'],
      ['Omar', 'line one\nline two \\N and \\. alone:\n\\.', '2024-05-01T06:05:00.000Z'],
    ]);
    expect(await recount(db)).toEqual([]);
  });

  test('bots are bots, the nameless are one person of the source, and nobody imported can sign in', async () => {
    const people = await db.rows<{ name: string; kind: string }>('select name, kind from users order by source_key');
    expect(people.filter(({ kind }) => kind === 'bot')).toEqual([{ name: 'Beacon', kind: 'bot' }]);
    expect(people.filter(({ name }) => name.startsWith('Unknown'))).toHaveLength(1);
    expect(await db.rows('select 1 from passwords')).toEqual([]);
    expect(await db.rows('select 1 from role_grants')).toEqual([]);
  });

  test('an answer hangs below the root of what it answers; one told before its parent, or whose parent is unknown or elsewhere, stands on the main line', async () => {
    const answers = (await shown(db)).filter(({ channel }) => channel === 'answers');
    expect(answers.map(({ body, root, line, answers: count }) => [body, root, line, count])).toEqual([
      ['told before its parent', null, 1, 0],
      ['the parent', null, 2, 2],
      ['an answer', 'the parent', null, 0],
      ['an answer to the answer', 'the parent', null, 0],
      ['answers something lost', null, 3, 0],
      ['answers something on the quay', null, 4, 0],
    ]);
    const [root] = await db.rows<{ at: Date }>(`select last_answer_at as at from messages where body = 'the parent'`);
    expect(root!.at.toISOString()).toBe('2024-05-02T09:03:00.000Z');
  });

  test('the first message of a topic begins it, and a channel with topics shows everything on its main line', async () => {
    const talk = (await shown(db)).filter(({ channel }) => channel === 'plans');
    expect(talk.map(({ body, title, root, line, answers }) => [body, title, root, line, answers])).toEqual([
      ['let us build a pier', 'Pier', null, 1, 2],
      ['no topic here', null, null, 2, 0],
      ['yes', null, 'let us build a pier', 3, 0],
      ['agreed @nobody', null, 'let us build a pier', 4, 0],
    ]);
    const rows = await db.rows<{ threading: string; name: string }>(
      `select name, threading from conversations where kind = 'channel' order by name`,
    );
    expect(rows).toEqual([
      { name: 'answers', threading: 'replies' },
      { name: 'plans', threading: 'topics' },
      { name: 'quay', threading: 'replies' },
    ]);
  });

  test('a mention is known though the person speaks only later', async () => {
    const named = await db.rows<{ name: string }>(
      `select u.name from messages m cross join unnest(m.mentions) as n (id) join users u on u.id = n.id where m.body like '你好%'`,
    );
    expect(named).toEqual([{ name: 'Omar' }]);
  });

  test('a talk between two is theirs alone', async () => {
    const [direct] = await db.rows<{ kind: string; visibility: string; people: string[] }>(
      `select kind, visibility, (select array_agg(u.name order by u.name) from members m join users u on u.id = m.user_id where m.conversation_id = c.id) as people from conversations c where kind = 'direct'`,
    );
    expect(direct).toEqual({ kind: 'direct', visibility: 'private', people: ['Ida', 'Rosa'] });
  });

  test('watchers hear one event a conversation and batch, and of every person, channel and membership', async () => {
    const events = await db.rows<{ type: string; count: number }>(
      'select type, count(*) from outbox group by type order by type',
    );
    expect(events).toEqual([
      { type: 'conversation.created', count: 4 },
      { type: 'member.added', count: 15 },
      { type: 'message.imported', count: 4 },
      { type: 'user.created', count: 9 },
    ]);
    const [span] = await db.rows(
      `select payload from outbox join conversations c on c.id = (payload ->> 'conversationId')::uuid where type = 'message.imported' and c.name = 'quay'`,
    );
    expect(span).toMatchObject({ payload: { fromSeq: 1, toSeq: 9 } });
  });

  test('importing it again changes nothing', async () => {
    const before = await everything(db);
    const [{ events } = { events: 0 }] = await db.rows<{ events: number }>('select count(*) as events from outbox');
    const report = await importFile(db, file);
    expect(report).toMatchObject({
      stored: 0,
      already: 20,
      refused: 1,
      malformed: 9,
      channels: { added: 0 },
      people: { added: 0 },
    });
    expect(await everything(db)).toBe(before);
    expect(await db.rows('select count(*) as events from outbox')).toEqual([{ events }]);
    expect(
      await db.rows(
        'select source, messages, skipped, malformed, finished_at is not null as finished from import_runs',
      ),
    ).toEqual([{ source: 'town', messages: 20, skipped: 1, malformed: 9, finished: true }]);
  });

  test('the same file under another name of source is another past', async () => {
    const report = await importFile(db, file, { source: 'village' });
    expect(report).toMatchObject({ source: 'village', stored: 20, channels: { added: 4 } });
    expect(await recount(db)).toEqual([]);
  });

  test('strict refuses it before anything is stored, naming the line', async () => {
    const untouched = await house();
    await expect(importFile(untouched, file, { strict: true })).rejects.toThrow(
      /Line 4 of .*town.ndjson.gz is malformed \(not JSON.*Nothing was imported/,
    );
    expect(
      await untouched.rows(
        'select 1 from users union all select 1 from conversations union all select 1 from import_runs',
      ),
    ).toEqual([]);
  });
});

test('stopped between any two batches and run again, it is what one run gives', async () => {
  const file = fileOf('again.ndjson', told);
  const whole = await house();
  await importFile(whole, file, { batch: 2 });
  const wanted = await everything(whole);
  for (const stopAfter of [2, 10, 16]) {
    const db = await house();
    const stop = new AbortController();
    const options: ImportOptions = {
      batch: 2,
      signal: stop.signal,
      onProgress: ({ stage, done }) => void (stage === 'storing' && done >= stopAfter && stop.abort()),
    };
    const first = await importFile(db, file, options);
    expect(first).toMatchObject({ stopped: true });
    expect(first.stored).toBeLessThan(20);
    expect(await recount(db)).toEqual([]);
    const second = await importFile(db, file, { batch: 2 });
    expect(first.stored + second.stored).toBe(20);
    expect(await everything(db)).toBe(wanted);
  }
});

test('a batch that loses a deadlock is stored again, as if nothing had been', async () => {
  const line = (n: number, channel: string, sender: string, more: object = {}) => ({
    id: `d-${n}`,
    channel,
    topic: '',
    sender,
    ts: new Date(Date.UTC(2024, 0, 1, 8, n)).toISOString(),
    text: `words ${n}`,
    ...more,
  });
  const before = fileOf('before.ndjson', [line(1, 'quay', 'Ida', { topic: 'winds' }), line(2, 'log', 'Omar')]);
  // Omar comes to the quay; a topic begins; an answer stands before what it answers.
  const after = fileOf('after.ndjson', [
    line(3, 'quay', 'Omar', { topic: 'tides' }),
    line(4, 'quay', 'Ida', { topic: 'tides' }),
    line(5, 'log', 'Omar', { reply_to: 'd-6' }),
    line(6, 'log', 'Omar'),
    line(7, 'log', 'Omar', { reply_to: 'd-6' }),
  ]);
  const source = 'deadlock';
  const undisturbed = await house();
  for (const file of [before, after]) await importFile(undisturbed, file, { source });

  await untilLost(async () => {
    const db = await house();
    await importFile(db, before, { source });
    deadlocks.reset();
    const rival = await Rival.holding(db, `select from users where name = 'Omar' for update`, []);
    const importing = importFile(db, after, { source });
    await rival.closeTheCircle(`select from conversations where name = 'quay' for update`, []);
    expect(await importing).toMatchObject({ stored: 5, already: 0, refused: 0 });
    const lost = (await deadlocks.get()).values.find(({ labels }) => labels['where'] === 'import');
    expect(lost?.value).toBeGreaterThanOrEqual(1);
    expect(await everything(db)).toBe(await everything(undisturbed));
    expect(await recount(db)).toEqual([]);
  });
});

test('people mentioned in imported answers follow the thread, in one batch or many', async () => {
  const line = (n: number, sender: string, text: string, more: object = { reply_to: 'f-1' }) => ({
    id: `f-${n}`,
    channel: 'log',
    topic: '',
    sender,
    ts: `2024-01-01T00:00:${10 + n}Z`,
    text,
    ...more,
  });
  const file = fileOf('follows.ndjson', [
    line(0, 'Cai', 'hello', {}),
    line(1, 'Ida', 'the plan', {}),
    line(2, 'Omar', 'an answer'),
    line(3, 'Ida', '@Cai and @Omar, please look'),
    line(4, 'Omar', '@Ida, done'),
    line(5, 'Ida', '@Cai once more'),
  ]);
  const wanted = {
    mentions: ['3 Cai 2', '3 Omar 2', '4 Ida 3', '5 Cai 4'],
    follows: ['Cai 1 t', 'Ida 4 f', 'Omar 3 f'],
  };
  for (const batch of [1, 2, 100]) {
    const db = await house();
    await importFile(db, file, { batch });
    const mentions = await db.rows<{ is: string }>(
      `select concat_ws(' ', n.seq - 1, u.name, n.answer) as is from mentions n join users u on u.id = n.user_id where n.line is null order by 1`,
    );
    const follows = await db.rows<{ is: string }>(
      `select concat_ws(' ', u.name, f.read_answers, f.named) as is from thread_follows f join users u on u.id = f.user_id order by 1`,
    );
    expect({ mentions: mentions.map(({ is }) => is), follows: follows.map(({ is }) => is) }, `batch ${batch}`).toEqual(
      wanted,
    );
    expect(await recount(db)).toEqual([]);
  }
});

test('a longer file of the same source adds only what is new, and who had read everything still has', async () => {
  const db = await house();
  await db.rows(
    `insert into users (id, kind, name) values ('00000000-0000-7000-8000-000000000001', 'person', 'Olga'), ('00000000-0000-7000-8000-000000000002', 'person', 'Pia')`,
  );
  await db.rows(`insert into role_grants (user_id, role) values ('00000000-0000-7000-8000-000000000001', 'owner')`);
  const line = (n: number) => ({
    id: `n-${n}`,
    channel: 'log',
    topic: '',
    sender: 'Ida',
    ts: `2024-01-01T00:00:0${n}Z`,
    text: `number ${n}`,
  });
  const first = await importFile(db, fileOf('log-1.ndjson', [line(1), line(2)]), { source: 'log' });
  expect(first.joined).toBe(1);
  const mine = () =>
    db.rows<{ name: string; role: string; read: number; last: number }>(
      `select u.name, m.role, m.read_line as read, c.last_line as last from members m join users u on u.id = m.user_id join conversations c on c.id = m.conversation_id where u.kind = 'person' order by u.name`,
    );
  expect(await mine()).toEqual([{ name: 'Olga', role: 'owner', read: 2, last: 2 }]);

  const second = await importFile(db, fileOf('log-2.ndjson', [line(1), line(2), line(3)]), {
    source: 'log',
    members: 'everyone',
  });
  expect(second).toMatchObject({ stored: 1, already: 2, joined: 1 });
  expect(await mine()).toEqual([
    { name: 'Olga', role: 'owner', read: 3, last: 3 },
    { name: 'Pia', role: 'member', read: 3, last: 3 },
  ]);
  expect(await recount(db)).toEqual([]);

  await db.rows(`update members set left_at = now(), rev = rev where user_id = '00000000-0000-7000-8000-000000000002'`);
  expect(await importFile(db, fileOf('log-3.ndjson', [line(1)]), { source: 'log', members: 'everyone' })).toMatchObject(
    { joined: 0 },
  );
  expect(await importFile(db, fileOf('other.ndjson', [line(4)]), { members: 'none' })).toMatchObject({
    joined: 0,
    stored: 1,
  });
});

test('two imports of one source at once: the second is refused in a sentence', async () => {
  const db = await house();
  const holder = await db.client('test');
  await holder.query(`select pg_advisory_lock(hashtext('parley import'), hashtext('twice'))`);
  await expect(importFile(db, fileOf('twice.ndjson', [told[0]!]))).rejects.toThrow(
    'twice is being imported by another process',
  );
  await holder.end();
});

test('history is read through the chat’s own door at once, and does not go below newer live talk', async () => {
  const world = await openWorld();
  try {
    const olga = await world.device('Olga', { roles: ['owner', 'member'] });
    const ben = await world.device('Ben');
    const line = (n: number, ts: string) => ({
      id: `v-${n}`,
      channel: 'vault',
      topic: '',
      sender: n % 2 ? 'Ida' : 'Omar',
      ts,
      text: `old words ${n}`,
    });
    const early = Array.from({ length: 120 }, (_, n) => line(n, new Date(Date.UTC(2023, 0, 1, 0, n)).toISOString()));
    await importFile(world.db, fileOf('vault.ndjson', early));

    const started = await olga.call('sync:start', {});
    const summary = started.changed.find(({ conversation }) => conversation.name === 'vault')!;
    expect(summary).toMatchObject({
      lastSeq: 120,
      lastLine: 120,
      mine: { role: 'owner', readLine: 120 },
      last: { body: 'old words 119' },
    });
    const newest = (await olga.call('history:page', { conversationId: summary.conversation.id, limit: 50 })) as Page;
    expect(newest.messages.map(({ body }) => body)).toEqual(early.slice(70).map(({ text }) => text));
    const dated = (await ben.call('history:page', {
      conversationId: summary.conversation.id,
      at: Date.UTC(2023, 0, 1, 0, 30),
      limit: 10,
    })) as Page;
    expect(dated.messages.find(({ at }) => at >= Date.UTC(2023, 0, 1, 0, 30))!.body).toBe('old words 30');

    const sent = await olga.says('and now to today', { in: summary });
    expect(sent).toMatchObject({ seq: 121, line: 121 });
    const report = await importFile(
      world.db,
      fileOf('vault-2.ndjson', [
        ...early,
        line(120, '2023-06-01T00:00:00Z'),
        { ...line(121, '2023-06-01T00:00:00Z'), channel: 'cellar' },
      ]),
      { source: 'vault' },
    );
    expect(report).toMatchObject({ stored: 1, already: 120, refused: 1 });
    expect(report.problems).toEqual([
      { line: 121, what: 'newer live messages stand in its channel, and history is not written between them' },
    ]);
    expect(await recount(world.db)).toEqual([]);
  } finally {
    await world.close();
  }
});

test.each(['\u200b', '\u2800', '\u202eevil', 'a\nb'])(
  'a line whose channel, topic or sender is %j is refused by its number',
  async (bad) => {
    const fresh = await freshDatabase();
    const db = openDatabase(fresh.url, createLog('silent'), { poolSize: 2 });
    try {
      const line = { id: 'x', channel: 'quay', topic: '', sender: 'Ida', ts: '2024-05-01T08:00:00Z', text: 'hello' };
      const lines = [
        { ...line, channel: bad },
        { ...line, topic: bad },
        { ...line, sender: bad },
      ];
      const report = await importFile(db, fileOf('unseen.ndjson', lines), { source: 'unseen' });
      expect(report).toMatchObject({ stored: 0, malformed: 3 });
      expect(report.problems.map(({ line: number, what }) => [number, what.split(':')[0]])).toEqual([
        [1, 'channel'],
        [2, 'topic'],
        [3, 'sender'],
      ]);
    } finally {
      await db.close();
      await fresh.drop();
    }
  },
);

/** What a file of one line each says of them, and the rows it leaves. */
async function importLines(name: string, lines: readonly (string | object)[], options: ImportOptions = {}) {
  const db = await house();
  return { db, report: await importFile(db, fileOf(name, lines), options) };
}
const plain = (n: number, more: object = {}) => ({
  id: `p-${n}`,
  channel: 'quay',
  topic: '',
  sender: 'Ida',
  ts: '2026-01-05T09:00:00Z',
  text: `number ${n}`,
  ...more,
});

test('days and hours that no calendar has are refused by line', async () => {
  const impossible = [
    '02-30T09:00',
    '02-29T09:00',
    '04-31T09:00',
    '06-31T09:00',
    '13-01T09:00',
    '00-10T09:00',
    '01-00T09:00',
    '01-32T09:00',
  ]
    .concat('01-05T24:30', '01-05T25:00', '01-05T24:00:01', '01-05T09:60', '01-05T09:59:60', '01-05T09:00:61')
    .map((written) => `2026-${written}Z`)
    .concat('2026-01-05T09:00:00+24:00', '2026-01-05T09:00:00+01:60');
  const { report } = await importLines('days.ndjson', [plain(0), ...impossible.map((ts, n) => plain(n + 1, { ts }))]);
  expect(report).toMatchObject({ stored: 1, malformed: impossible.length });
  expect(report.problems).toEqual(
    impossible.map((_, n) => ({ line: n + 2, what: 'ts: is no day or hour of the calendar' })),
  );
});

test('times are the moments that were written, whatever their zone', async () => {
  const moments: [string, string][] = [
    ['2024-02-29T09:00:00Z', '2024-02-29T09:00:00.000Z'],
    ['2026-01-01T00:30:00+05:45', '2025-12-31T18:45:00.000Z'],
    ['2025-12-31T23:30:00-03:30', '2026-01-01T03:00:00.000Z'],
    ['2026-01-05T09:00+0530', '2026-01-05T03:30:00.000Z'],
    ['2026-01-05T24:00:00Z', '2026-01-06T00:00:00.000Z'],
    ['2026-01-05T09:00:00.5-00:00', '2026-01-05T09:00:00.500Z'],
    ['2026-01-05T09:00:00,123456+14:00', '2026-01-04T19:00:00.123Z'],
    ['2026-03-29T02:30:00+01:00', '2026-03-29T01:30:00.000Z'],
  ];
  const { db, report } = await importLines(
    'moments.ndjson',
    moments.map(([ts], n) => plain(n, { ts })),
  );
  expect(report).toMatchObject({ stored: moments.length, malformed: 0 });
  const rows = await db.rows<{ at: Date }>('select created_at as at from messages order by seq');
  expect(rows.map(({ at }) => at.toISOString())).toEqual(moments.map(([, at]) => at));
});

test('spellings that look alike are one channel, topic and person, also in a later file', async () => {
  const lines = [
    ['ops', 'Jos\u00e9', 'Plan'],
    [' ops', 'Jose\u0301', 'Plan '],
    ['ops\u00a0', ' Jos\u00e9\u3000', '\tPlan'],
  ].map(([channel, sender, topic], n) => plain(n, { channel, sender, topic }));
  const { db, report } = await importLines('spelled.ndjson', lines);
  expect(report).toMatchObject({ stored: 3, malformed: 0, channels: { all: 1 }, people: { all: 1 } });
  const direct = [
    plain(10, { to: 'Ida', sender: 'Jose\u0301' }),
    plain(11, { to: 'Jos\u00e9 ', sender: 'Ida' }),
    plain(12, { channel: 'ops  ', sender: 'Jose\u0301 ' }),
  ];
  const later = await importFile(db, fileOf('spelled-2.ndjson', direct), { source: 'spelled' });
  expect(later).toMatchObject({ stored: 3, channels: { all: 2, added: 1 }, people: { all: 2, added: 1 } });
  expect(await db.rows(`select name from conversations where kind = 'channel'`)).toEqual([{ name: 'ops' }]);
  expect(await db.rows('select name from users order by name')).toEqual([{ name: 'Ida' }, { name: 'José' }]);
  expect(await db.rows('select title from messages where title is not null')).toEqual([{ title: 'Plan' }]);
  expect(await recount(db)).toEqual([]);
});

test('names in forty scripts come in as they are, and bad ones are refused by line', async () => {
  const names = Object.values(goodNames).flat();
  const { db, report } = await importLines(
    'names.ndjson',
    names.map((name, n) => plain(n, { channel: name, sender: name, topic: name })),
  );
  expect(report).toMatchObject({ stored: names.length, malformed: 0, problems: [] });
  const wanted = names.map((name) => name.normalize('NFC')).sort();
  for (const query of [
    'select name from users',
    'select name from conversations',
    'select title as name from messages',
  ])
    expect((await db.rows<{ name: string }>(query)).map(({ name }) => name).sort(), query).toEqual(wanted);

  const fields = ['channel', 'sender', 'topic', 'to'] as const;
  for (const field of fields) {
    const bad = await importFile(
      db,
      fileOf(
        'bad.ndjson',
        badNames.map(([name], n) => plain(n, { [field]: `${name}` })),
      ),
    );
    expect(bad.malformed, field).toBe(badNames.length);
    expect(bad.problems).toEqual(
      badNames.slice(0, 20).map(([, sentence], n) => ({ line: n + 1, what: `${field}: ${sentence}` })),
    );
  }
});

test('a name in a text becomes a mention with its row, also when it is known later', async () => {
  const first = [
    plain(1, { sender: 'Omar' }),
    plain(2, { text: '@Omar, see @**Omar|7** and `@Omar`; @Cai and @nobody too' }),
    plain(3, { text: 'for you', mentions: ['Omar'] }),
  ];
  const { db } = await importLines('named.ndjson', first);
  const [omar] = await db.rows<{ id: string }>(`select id from users where name = 'Omar'`);
  const bodies = () =>
    db.rows<{ body: string; named: number }>(
      `select m.body, (select count(*)::int from mentions n where n.conversation_id = m.conversation_id and n.seq = m.seq) as named from messages m order by m.seq`,
    );
  const stored = [
    { body: 'number 1', named: 0 },
    { body: `<@${omar!.id}>, see <@${omar!.id}> and \`@Omar\`; @Cai and @nobody too`, named: 1 },
    { body: 'for you', named: 1 },
  ];
  expect(await bodies()).toEqual(stored);
  const again = await importFile(db, fileOf('named-2.ndjson', [...first, plain(4, { sender: 'Cai' })]), {
    source: 'named',
  });
  expect(again).toMatchObject({ stored: 1, already: 3, refused: 0 });
  expect(await bodies()).toEqual([...stored, { body: 'number 4', named: 0 }]);
});

test('what an earlier version stored under another spelling is found again', async () => {
  const db = await house();
  const spell = (text: string) => text.replaceAll('\u00e9', 'e\u0301');
  const lines = ['ops', 'caf\u00e9'].map((channel, n) => plain(n, { channel, sender: 'Jos\u00e9' }));
  await importFile(db, fileOf('older.ndjson', lines));
  await db.rows(`update conversations set source_key = 'older/channel/ ops', name = ' ops' where name = 'ops'`);
  await db.rows(`update conversations set source_key = $1, name = $2 where name = 'caf\u00e9'`, [
    spell('older/channel/caf\u00e9'),
    spell('caf\u00e9'),
  ]);
  await db.rows('update users set source_key = $1, name = $2', [spell('older/person/Jos\u00e9'), spell('Jos\u00e9')]);
  const migration = readFileSync(new URL('../migrations/0090_source_keys.sql', import.meta.url), 'utf8');
  const client = await db.client('test');
  await client.query(migration);
  await client.end();
  const again = await importFile(db, fileOf('older.ndjson', lines));
  expect(again).toMatchObject({ stored: 0, already: 2, refused: 0, channels: { added: 0 }, people: { added: 0 } });
  expect(await db.rows('select name from conversations union all select name from users order by 1')).toEqual(
    ['José', 'café', 'ops'].map((name) => ({ name })),
  );
});
