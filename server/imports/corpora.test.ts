import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../kernel/database.ts';
import { createLog } from '../kernel/log.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { recount } from '../testing/recount.ts';
import { readSlices } from './files.ts';
import { importFile, type ImportReport } from './imports.ts';
import { isSameText } from './mentions.ts';

const folder = path.resolve(
  process.env['PARLEY_CORPORA'] ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url)),
);
const files = [
  { name: 'en-bytecode-zulip.dev', messages: 71_905, mentioning: 4_000 },
  { name: 'zh-tw-meetings.dev', messages: 132_659, mentioning: 0 },
];
const there = files.every(({ name }) => existsSync(path.join(folder, `${name}.ndjson.gz`)));
if (!there)
  console.log(
    `Real conversations are not in ${folder} (PARLEY_CORPORA names another place): imports are proven on files of our own only.`,
  );

const mention = /<@([0-9a-f-]{36})>/g;
/** Whether a text names a person, whatever the case. */
const names = (text: string, name: string) => text.toLowerCase().includes(name.toLowerCase());

type Source = { id: string; channel: string; topic: string; sender: string; ts: string; text: string; bot?: true };

describe.runIf(there).each(files)('$name', ({ name, messages, mentioning }) => {
  const file = path.join(folder, `${name}.ndjson.gz`);
  const source = new Map<string, Source>();
  let fresh: FreshDatabase;
  let db: Database;
  let report: ImportReport;

  beforeAll(async () => {
    fresh = await freshDatabase();
    db = openDatabase(fresh.url, createLog('silent'), { poolSize: 2, statementTimeout: 300_000 });
    for await (const { lines } of readSlices(file)) {
      for (const { text } of lines) {
        const line = JSON.parse(text!) as Source;
        source.set(line.id, line);
      }
    }
    report = await importFile(db, file);
    console.log(`${name}: ${Math.round(report.stored / report.seconds).toLocaleString('en')} messages a second`);
  }, 600_000);

  afterAll(async () => {
    await db.close();
    await fresh.drop();
  });

  test('is imported whole', async () => {
    expect(source.size).toBe(messages);
    expect(report).toMatchObject({ stored: messages, already: 0, refused: 0, malformed: 0 });
    const lines = [...source.values()];
    expect(
      await db.rows(`select count(*) as messages, count(distinct conversation_id) as channels from messages`),
    ).toEqual([{ messages, channels: new Set(lines.map(({ channel }) => channel)).size }]);
    const people = new Map<string, boolean>();
    for (const { sender, bot } of lines) people.set(sender.trim(), people.get(sender.trim()) || bot === true);
    expect(await db.rows(`select count(*) as people, count(*) filter (where kind = 'bot') as bots from users`)).toEqual(
      [{ people: people.size, bots: [...people.values()].filter(Boolean).length }],
    );
    const topics = new Set(lines.filter(({ topic }) => topic).map(({ channel, topic }) => `${channel}\n${topic}`));
    expect(await db.rows('select count(*) as topics from messages where title is not null')).toEqual([
      { topics: topics.size },
    ]);
  });

  test('every counter is what its rows say', async () => {
    expect(await recount(db)).toEqual([]);
  });

  test('every message is the line it came from: words, sender, channel, topic and time', async () => {
    const different: string[] = [];
    const people = new Map(
      (await db.rows<{ id: string; name: string }>('select id, name from users')).map(({ id, name }) => [id, name]),
    );
    const rows = await db.rows<{
      id: string;
      channel: string;
      topic: string | null;
      sender: string;
      at: number;
      body: string;
    }>(
      `select m.client_id as id, c.name as channel, coalesce(m.title, r.title) as topic, u.name as sender, (extract(epoch from m.created_at) * 1000)::bigint as at, m.body
       from messages m join conversations c on c.id = m.conversation_id join users u on u.id = m.sender_id left join messages r on r.id = m.thread_id`,
    );
    for (const { id, channel, topic, sender, at, body } of rows) {
      const line = source.get(id);
      if (
        !line ||
        !isSameText(body, line.text) ||
        [...body.matchAll(mention)].some(([, named]) => !names(line.text, people.get(named!)!)) ||
        line.channel !== channel ||
        line.topic.trim() !== (topic ?? '') ||
        line.sender.trim() !== sender ||
        Date.parse(line.ts) !== at
      )
        different.push(id);
    }
    expect(different).toEqual([]);
  });

  test('what names a person is a mention of them, with its row', async () => {
    const [counted] = await db.rows<{ written: number; unlisted: number; rowless: number }>(
      `select count(*)::int as written, count(*) filter (where not (m.mentions @> array[n.id::uuid]))::int as unlisted,
         count(*) filter (where n.id::uuid <> m.sender_id and exists (select from members e where e.conversation_id = m.conversation_id and e.user_id = n.id::uuid)
           and not exists (select from mentions r where r.user_id = n.id::uuid and r.conversation_id = m.conversation_id and r.seq = m.seq))::int as rowless
       from messages m cross join lateral (select (regexp_matches(m.body, '<@([0-9a-f-]{36})>', 'g'))[1] as id) n`,
    );
    console.log(`${name}: ${counted!.written.toLocaleString('en')} mentions`);
    expect(counted!.written).toBeGreaterThanOrEqual(mentioning);
    expect(counted).toMatchObject({ unlisted: 0 });
  });

  test('each channel keeps the file’s order', async () => {
    const wanted = new Map<string, string[]>();
    for (const { id, channel } of source.values())
      (wanted.get(channel) ?? wanted.set(channel, []).get(channel)!).push(id);
    const [smallest] = [...wanted].sort((a, b) => a[1].length - b[1].length);
    const [busiest] = [...wanted].sort((a, b) => b[1].length - a[1].length);
    for (const [channel, ids] of [smallest!, busiest!]) {
      const rows = await db.rows<{ id: string }>(
        'select m.client_id as id from messages m join conversations c on c.id = m.conversation_id where c.name = $1 order by m.seq',
        [channel],
      );
      expect(rows.map(({ id }) => id)).toEqual(ids);
    }
  });

  test('importing it again stores nothing', async () => {
    expect(await importFile(db, file)).toMatchObject({
      stored: 0,
      already: messages,
      refused: 0,
      malformed: 0,
      channels: { added: 0 },
      people: { added: 0 },
    });
  });
});
