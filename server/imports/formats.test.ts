import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../kernel/database.ts';
import { createLog } from '../kernel/log.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { importFile, ImportError } from './imports.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'parley-formats-'));
let fresh: FreshDatabase;
let db: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase(fresh.url, createLog('silent'), { poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await fresh.drop();
  rmSync(folder, { recursive: true, force: true });
});

const line = (n: number, text = 'hello') =>
  JSON.stringify({ id: `f-${n}`, channel: 'quay', sender: 'Ida', ts: '2026-01-05T09:00:00Z', text });
const good = [1, 2, 3].map((n) => line(n)).join('\n');
const wide = (text: string, size: 2 | 4, isBig: boolean) => {
  const units =
    size === 2
      ? [...Array(text.length).keys()].map((n) => text.charCodeAt(n))
      : [...text].map((c) => c.codePointAt(0)!);
  const bytes = Buffer.alloc(units.length * size);
  units.forEach((unit, n) =>
    isBig ? bytes.writeUIntBE(unit, n * size, size) : bytes.writeUIntLE(unit, n * size, size),
  );
  return bytes;
};
/** An archive with one empty file of each name: what is looked at is the list at its end. */
const zipOf = (...names: string[]) =>
  Buffer.concat([
    Buffer.from('PK\x03\x04', 'latin1'),
    Buffer.alloc(26),
    ...names.map((name) => {
      const entry = Buffer.alloc(46);
      entry.write('PK\x01\x02', 'latin1');
      entry.writeUInt16LE(name.length, 28);
      return Buffer.concat([entry, Buffer.from(name)]);
    }),
  ]);
function tarOf(name: string): Buffer {
  const header = Buffer.alloc(1_024);
  header.write(name);
  header.write('00000000000\0', 124);
  header.fill(' ', 148, 156);
  header.write(
    header
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0'),
    148,
  );
  return header;
}

// GBK for 你好，我们开会, said twice: the platform writes no encoding but Unicode.
const gbk = Buffer.from('c4e3bac3a3accED2C3C7BFAABBE1'.repeat(2), 'hex');
const inBytes = (bytes: Buffer) =>
  Buffer.concat([1, 2].flatMap((n) => [Buffer.from(line(n).slice(0, -7)), bytes, Buffer.from('"}\n')]));

test.each<[string, string, string | Buffer, RegExp]>([
  [
    'UTF-16 of PowerShell',
    'a.ndjson',
    wide(`\ufeff${good}`, 2, false),
    /is written in UTF-16, .*iconv -f UTF-16 .*PowerShell/,
  ],
  ['big-endian UTF-16', 'a.ndjson', wide(`\ufeff${good}`, 2, true), /is written in UTF-16/],
  ['UTF-16 without a mark', 'a.ndjson', wide(good, 2, false), /is written in UTF-16, .*UTF-16LE/],
  ['UTF-32', 'a.ndjson', wide(`\ufeff${good}`, 4, false), /is written in UTF-32/],
  ['UTF-32 without a mark', 'a.ndjson', wide(good, 4, true), /is written in UTF-32, .*UTF-32BE/],
  [
    'Latin-1',
    'a.ndjson',
    Buffer.from([1, 2].map((n) => line(n, 'Grüße aus Köln')).join('\n'), 'latin1'),
    /is written in Latin-1/,
  ],
  ['GBK', 'a.ndjson', inBytes(gbk), /is written in GBK, .*GB18030/],
  ['KOI8-R', 'a.ndjson', inBytes(Buffer.from('f0d2c9d7c5d4', 'hex')), /is written in another encoding/],
  ['carriage returns alone', 'a.ndjson', [line(1), line(2)].join('\r'), /carriage return alone/],
  ['a ZIP archive', 'a.ndjson', zipOf('talk.ndjson'), /is a ZIP archive, .*unpack it/],
  ['a ZIP archive named .gz', 'a.ndjson.gz', zipOf('talk.ndjson'), /is a ZIP archive/],
  [
    'Slack, packed',
    'a.zip',
    zipOf('channels.json', 'users.json', 'general/2026-01-05.json'),
    /a Slack export .*not supported yet/,
  ],
  ['Mattermost, packed', 'a.zip', zipOf('import.jsonl', 'data/x.png'), /a Mattermost bulk export .*not supported yet/],
  ['Rocket.Chat, packed', 'a.zip', zipOf('users.csv', 'channels.csv'), /a Rocket\.Chat export/],
  ['WhatsApp, packed', 'a.zip', zipOf('_chat.txt'), /a WhatsApp export/],
  ['a workbook', 'a.xlsx', zipOf('[Content_Types].xml', 'xl/workbook.xml'), /an Excel workbook .*not supported yet/],
  ['Zulip in a packed tar', 'a.tar.gz', gzipSync(tarOf('zulip/realm.json')), /a Zulip export \(tar archive\)/],
  ['a tar archive', 'a.tar', tarOf('talk.ndjson'), /is a tar archive, .*unpack it/],
  ['zstd', 'a.ndjson', zstdCompressSync(good), /packed with zstd, .*unzstd/],
  ['xz', 'a.ndjson', Buffer.from('fd377a585a000004', 'hex'), /packed with xz/],
  ['7z', 'a.ndjson', Buffer.from('377abcaf271c0004', 'hex'), /a 7z archive/],
  ['bzip2', 'a.ndjson', 'BZh91AY&SY', /packed with bzip2/],
  [
    'gzip without its ending',
    'a.ndjson',
    gzipSync(good),
    /packed with gzip, and its name does not say so: name it a\.ndjson\.gz/,
  ],
  ['gzip twice', 'a.ndjson.gz', gzipSync(gzipSync(good)), /packed with gzip twice/],
  ['PDF', 'a.ndjson', '%PDF-1.7\n1 0 obj\n', /is a PDF document/],
  ['SQLite', 'a.ndjson', 'SQLite format 3\0', /is an SQLite database/],
  ['an Outlook mailbox', 'a.pst', '!BDN\0\0', /an Outlook mailbox .*Teams/],
  [
    'a program’s own bytes',
    'a.bin',
    Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * n * 31 + n) & 255)),
    /is no text/,
  ],
  [
    'an array with a message a line',
    'a.json',
    `[\n${[1, 2].map((n) => line(n)).join(',\n')}\n]\n`,
    /one JSON array.*jq/,
  ],
  ['an array in a line', 'a.json', `[${line(1)},${line(2)}]`, /one JSON array/],
  ['an empty array', 'a.json', '[]\n', /an empty JSON array/],
  [
    'an object around the messages',
    'a.json',
    `{"messages":[\n${[1, 2].map((n) => line(n)).join(',\n')}\n]}`,
    /JSON broken over several lines/,
  ],
  [
    'a message over several lines',
    'a.json',
    JSON.stringify(JSON.parse(line(1)), null, 2),
    /JSON broken over several lines.*jq/,
  ],
  ['an empty file', 'a.ndjson', '', /is empty/],
  ['empty lines', 'a.ndjson', '\n \n\n', /empty lines only/],
  ['a mark and nothing', 'a.ndjson', '\ufeff', /is empty/],
  [
    'Slack messages',
    'a.json',
    '[{"type":"message","user":"U1","text":"x","ts":"1472932439.000002"}]',
    /a Slack export.*not supported yet/,
  ],
  ['Slack users', 'a.json', '[{"id":"U1","team_id":"T1","real_name":"x"}]', /a Slack export/],
  ['an empty part of Slack', 'groups.json', '[]', /an empty list of a Slack export/],
  ['Mattermost', 'a.jsonl', '{"type":"version","version":1}\n{"type":"post","post":{}}\n', /a Mattermost bulk export/],
  ['Zulip', 'a.json', '{"zerver_message":[{"id":1}]}', /a Zulip export/],
  ['Rocket.Chat', 'a.json', '[{"_id":"a","rid":"b","msg":"c"}]', /a Rocket\.Chat export/],
  [
    'Rocket.Chat messages',
    'a.csv',
    '"ann","1479162481336","hi"\n"bob","1479162481654","ho"\n',
    /a Rocket\.Chat list of messages/,
  ],
  ['Rocket.Chat users', 'a.csv', 'ann.b, ann@example.com, Ann B\n', /a Rocket\.Chat list of users/],
  ['Slack members', 'a.csv', 'username,email,billing-active\na,b,1\n', /a Slack member list/],
  [
    'Teams of Graph',
    'a.json',
    '{"value":[{"messageType":"message","createdDateTime":"x"}]}',
    /a Microsoft Teams export/,
  ],
  ['Teams of an account', 'a.json', '{"userId":"8:x","exportDate":"x","conversations":[]}', /a Microsoft Teams export/],
  [
    'Telegram',
    'a.json',
    '{"name":"x","type":"personal_chat","messages":[{"date":"x","from":"y"}]}',
    /a Telegram export/,
  ],
  ['Discord', 'a.json', '{"guild":{},"channel":{},"messages":[]}', /a Discord export/],
  ['Matrix', 'a.json', '{"messages":[{"event_id":"x","origin_server_ts":1}]}', /a Matrix \(Element\) export/],
  ['Google Chat', 'a.json', '{"messages":[{"creator":{},"created_date":"x"}]}', /a Google Chat export/],
  ['WhatsApp of Android', 'a.txt', '12/05/26, 10:11 - Ann: hi\n12/05/26, 10:12 - Bob: ho\n', /a WhatsApp export/],
  ['WhatsApp of iOS', 'a.txt', '\u200e[12/05/2026, 10:11:12] Ann: hi\n', /a WhatsApp export/],
  ['an IRC log', 'a.log', '[10:11] <ann> hi\n[10:12] <bob> ho\n', /an IRC log/],
  ['a table', 'a.csv', 'when,who\n1,2\n', /a table \(CSV\)/],
  ['a web page', 'a.html', '<!DOCTYPE html>\n<p>', /a web page/],
  ['XML', 'a.xml', '<?xml version="1.0"?>', /an XML file/],
])('%s is refused in one sentence that names it, and nothing is stored', async (_what, name, content, sentence) => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  const said = await importFile(db, file, { source: 'x' }).then(
    ({ stored, unreadable }) => (stored === 0 ? unreadable : 'stored'),
    (error: unknown) => (error instanceof ImportError ? error.message : error),
  );
  expect(said).toMatch(sentence);
  expect(said).toMatch(/^[^\n]+\.$/);
  expect(said).not.toMatch(/Unexpected|JSON at position|\bat \S+:\d+/);
  expect(
    await db.rows('select 1 from users union all select 1 from import_runs union all select 1 from tasks'),
  ).toEqual([]);
});

test.each([
  ['a device', '/dev/null'],
  ['a directory', folder],
])('%s is refused, and nothing is stored', async (_what, file) => {
  await expect(importFile(db, file, { source: 'x' })).rejects.toBeInstanceOf(ImportError);
});

test('of lines none of which can be read, the first is named, and nothing is stored', async () => {
  const file = path.join(folder, 'none.ndjson');
  writeFileSync(file, '{}\nnull\n"x"\n'.repeat(40));
  const report = await importFile(db, file);
  expect(report).toMatchObject({ stored: 0, malformed: 120, channels: { all: 0 } });
  expect(report.problems).toHaveLength(20);
  expect(report.unreadable).toMatch(
    /^None of the 120 lines of .*none\.ndjson can be imported \(line 1: id: missing or empty\)/,
  );
  expect(await db.rows('select 1 from import_runs union all select 1 from tasks')).toEqual([]);
});

test.each<[string, string, Buffer]>([
  ['packed in two parts', 'parts.gz', Buffer.concat([gzipSync(`${line(1)}\n`), gzipSync(`${line(2)}\n${line(3)}`)])],
  ['with a mark and CRLF', 'marked.txt', Buffer.from(`\ufeff${good.replaceAll('\n', '\r\n')}`)],
  ['with a first line of another product', 'late.ndjson', Buffer.from(`{"type":"version","version":1}\n${good}`)],
])('a file of messages is read: %s', async (_what, name, bytes) => {
  const own = await freshDatabase();
  const into = openDatabase(own.url, createLog('silent'), { poolSize: 2 });
  try {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    expect(await importFile(into, file, { source: 'x' })).toMatchObject({ stored: 3, unreadable: null });
  } finally {
    await into.close();
    await own.drop();
  }
});

const corpora = path.resolve(
  process.env['PARLEY_CORPORA'] ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url)),
);
const exports = path.join(corpora, 'exports');
const files = existsSync(exports)
  ? readdirSync(exports, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(zip|jsonl?|csv)$/.test(name))
  : [];
if (files.length === 0) console.log(`Real exports are not in ${exports}: formats are told by files of our own only.`);

describe.runIf(files.length > 0)('real exports', () => {
  test.each(files)('%s is refused with its product’s name', async (name) => {
    await expect(importFile(db, path.join(exports, name), { source: 'x' })).rejects.toThrow(
      /(Slack|Mattermost|Zulip|Rocket\.Chat).*not supported yet/,
    );
  });
});
