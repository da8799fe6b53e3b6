import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '../kernel/database.ts';
import { createLog } from '../kernel/log.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { told } from '../testing/told.ts';
import { importFile, ImportError } from './imports.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'parley-imports-'));
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

/** A packed file without its last bytes. */
function cutShort(): string {
  const file = path.join(folder, 'cut.ndjson.gz');
  const bytes = gzipSync(told.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  writeFileSync(file, bytes.subarray(0, bytes.length - 40));
  return file;
}

function written(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

test.each<[string, () => string, RegExp]>([
  ['a file that is not there', () => path.join(folder, 'nothing.ndjson'), /there is no such file/],
  ['a directory', () => folder, /is a directory/],
  ['a packed file that is cut short', cutShort, /cut short/],
  ['a file that is not packed as its name says', () => written('plain.ndjson.gz', '{}'), /not packed as its name says/],
  ['a source nobody can name', () => written('a b?.ndjson', '{}'), /give one with --source/],
])('%s is refused in a sentence, and nothing is stored', async (_what, make, sentence) => {
  const file = make();
  await expect(importFile(db, file)).rejects.toThrow(sentence);
  await expect(importFile(db, file)).rejects.toBeInstanceOf(ImportError);
  expect(await db.rows('select 1 from users')).toEqual([]);
});

test('bytes that are not UTF-8 and a line without end are malformed lines like others', async () => {
  const good = (id: string) => Buffer.from(`${JSON.stringify({ ...(told[0] as object), id })}\n`);
  const file = path.join(folder, 'bytes.ndjson');
  writeFileSync(
    file,
    Buffer.concat([
      Buffer.from('\uFEFF'),
      good('b-1'),
      Buffer.from('{"id":"b-2","text":"\xff\xfe"}\n', 'latin1'),
      good('b-3'),
      Buffer.alloc(9_000_000, 120),
      Buffer.from('\n\n   \n'),
      good('b-4'),
    ]),
  );
  const report = await importFile(db, file);
  expect(report).toMatchObject({ stored: 3, malformed: 2 });
  expect(report.problems).toEqual([
    { line: 2, what: 'its bytes are not UTF-8' },
    { line: 4, what: 'longer than 4,000,000 bytes' },
  ]);
});
