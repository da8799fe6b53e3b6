import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inWork } from '../kernel/work.ts';
import { publicPem } from './keys.ts';
import { outsideFile } from './outside.ts';
import { rotateKey } from './rotation.ts';
import { openAuditHouse, person, runVerifier, writeEntries, type AuditHouse } from './testing.ts';

/*
 * What reaches an auditor is a file that went through mail, editors and disks. Whatever became of it, the command says so in one sentence a person can
 * act on, and never with a stack.
 */

let audit: AuditHouse;
let directory: string;
let lines: string[];
let oldLines: string[];
const keys: Record<string, string> = {};

/** 301 entries; the key handed over behind the 150th, an export of before kept. */
beforeAll(async () => {
  audit = await openAuditHouse();
  directory = mkdtempSync(path.join(tmpdir(), 'parley-verify-'));
  await writeEntries(audit.db, 150);
  await audit.sealAll({ batch: 50 });
  oldLines = await audit.exported();
  const { before, after } = await inWork(audit.house, person('Olga', 'settings.manage'), (work) => rotateKey(work));
  await writeEntries(audit.db, 150);
  await audit.sealAll({ batch: 50 });
  lines = await audit.exported();
  keys['old'] = path.join(audit.place.keys, `${before}.public.pem`);
  keys['new'] = path.join(audit.place.keys, `${after}.public.pem`);
  keys['strange'] = path.join(directory, 'strange.pem');
  writeFileSync(keys['strange'], publicPem(Buffer.alloc(32, 1).toString('base64')));
});
afterAll(async () => {
  await audit.close();
  rmSync(directory, { recursive: true, force: true });
});

async function verify(content: string | Buffer, key: string, ...words: string[]) {
  const file = path.join(directory, 'export.ndjson');
  writeFileSync(file, content);
  const answer = await runVerifier(file, '--key', keys[key]!, ...words);
  expect(answer.said).not.toMatch(/\.mjs:\d|\n\s+at |undefined|NaN|TypeError/);
  return answer;
}
const outside = () => ['--checkpoints', outsideFile(audit.place)];
const textOf = (all: readonly string[], end = '\n') => all.map((line) => line + end).join('');
const isCheckpoint = (line: string) => line.startsWith('{"signature"') && line.includes('"kind":"checkpoint"');

test('an export verifies with the key of before the handing over and with the one after', async () => {
  for (const key of ['old', 'new']) {
    expect(await verify(textOf(lines), key, ...outside()), key).toMatchObject({ code: 0 });
    expect(await verify(textOf(oldLines), key, '--to', '150', ...outside()), key).toMatchObject({ code: 0 });
  }
  // Without what came after it, nothing in an old export says that the new key is of this house.
  expect(await verify(textOf(oldLines), 'old')).toMatchObject({
    code: 3,
    said: expect.stringMatching(/^NOT PROVEN/),
  });
  expect(await verify(textOf(oldLines), 'new')).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^NOT OK – untrusted/),
  });
});

test.each<[string, number, RegExp, () => string | Buffer]>([
  ['nothing at all', 2, /There is nothing to check/, () => ''],
  ['an empty line', 2, /not an export/, () => '\n'],
  ['a byte order mark in front', 2, /byte order mark/, () => `\ufeff${textOf(lines)}`],
  ['line ends of Windows', 2, /line ends/, () => textOf(lines, '\r\n')],
  [
    'a cut in the middle of a line',
    1,
    /Entry 301|line \d+ of the export cannot be read/,
    () => textOf(lines).slice(0, -400),
  ],
  [
    'a cut in the middle of an entry far up',
    1,
    /line \d+ of the export cannot be read/,
    () => textOf(lines.slice(0, 90)).slice(0, -30),
  ],
  ['an entry twice', 1, /Entry 61[^\n]*: position 60 stands here a second time/, () => textOf(twice(60))],
  ['two checkpoints in each other’s place', 1, /Statement \d+ (stands behind|is missing)/, () => textOf(swapped())],
  [
    'a line of forty million letters',
    1,
    /Entry 1|line \d+ of the export|longer than/,
    () => textOf([...lines.slice(0, 20), 'x'.repeat(40_000_000)]),
  ],
  [
    'bytes that are no text',
    1,
    /Line 2 of the export cannot be read/,
    () => Buffer.concat([Buffer.from(`${lines[0]}\n`), Buffer.alloc(9_000, 0xff)]),
  ],
  ['only the first line', 1, /.+/, () => textOf(lines.slice(0, 1))],
])('%s: %i, in a sentence', async (_name, code, sentence, content) => {
  const answer = await verify(content(), 'old', ...outside());
  expect(answer).toMatchObject({ code, said: expect.stringMatching(sentence) });
});

test('another key, or one that is none, is said to be that', async () => {
  expect(await verify(textOf(lines), 'strange', ...outside())).toMatchObject({
    code: 1,
    said: expect.stringMatching(/untrusted/),
  });
  keys['none'] = path.join(directory, 'none.pem');
  writeFileSync(keys['none'], '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
  expect(await verify(textOf(lines), 'none')).toMatchObject({
    code: 2,
    said: expect.stringMatching(/Nothing could be checked/),
  });
});

test('checkpoints kept outside that are another log’s, torn, or empty', async () => {
  const file = path.join(directory, 'checkpoints.ndjson');
  const kept = readFileSync(outsideFile(audit.place), 'utf8');
  const tried = async (text: string) => {
    writeFileSync(file, text);
    return verify(textOf(lines), 'old', '--checkpoints', file);
  };
  expect(await tried(kept.slice(0, -50))).toMatchObject({
    code: 0,
    said: expect.stringContaining('could not be read'),
  });
  expect(await tried(`\ufeff${kept}`)).toMatchObject({ code: 0 });
  expect((await tried(kept.replace('"last":50', '"last":49'))).code).toBe(1);
});

/** An entry as the log would hold it, `atMs` after the first, chained behind the lines before it. */
function withTail(count: number, stepMs: number): string {
  const whole = lines.slice(0, -1);
  const last = JSON.parse(whole.at(-1)!) as { hash: string; entry: { position: number; at: string; id: number } };
  let hash = Buffer.from(last.hash, 'hex');
  const from = Date.parse(last.entry.at) + 1_000;
  const source = whole.at(-1)!.slice('{"hash":"'.length + 64 + '","entry":'.length, -1);
  const tail = Array.from({ length: count }, (_, index) => {
    const bytes = source
      .replace(/"at":"[^"]+"/, `"at":"${new Date(from + index * stepMs).toISOString().replace('Z', '000Z')}"`)
      .replace(`,"position":${last.entry.position},`, `,"position":${last.entry.position + 1 + index},`)
      .replace(/"actorName":"[^"]*"/, '"actorName":"Framed Person"');
    hash = createHash('sha256').update(hash).update(bytes).digest();
    return `{"hash":"${hash.toString('hex')}","entry":${bytes}}`;
  });
  const end = JSON.parse(lines.at(-1)!) as { end: { entries: number } };
  end.end.entries += count;
  return textOf([...whole, ...tail, JSON.stringify(end)]);
}

test.each<[string, number, number, number, RegExp]>([
  ['a tail within a minute is what the server may leave', 1_000, 60, 0, /^OK – 1301 entries/],
  [
    'a tail of 1,001 entries is not proven',
    1_001,
    1,
    3,
    /^NOT PROVEN – 1302 entries[^\n]*\n[^\n]*at most 1000 unsigned/,
  ],
  ['a tail of 70 s is not proven', 8, 10_000, 3, /^NOT PROVEN – 309 entries[^\n]*\n[^\n]*span 70 s/],
])('%s', async (_name, count, stepMs, code, sentence) => {
  expect(await verify(withTail(count, stepMs), 'old', ...outside())).toMatchObject({
    code,
    said: expect.stringMatching(sentence),
  });
});

test('a log rewritten behind its checkpoints is not proven without the copy outside', async () => {
  const isOf = (line: string, number: number) => line.includes('"statement":') && line.includes(`"number":${number},`);
  const kept = lines.filter((line) => !line.includes('"statement":') || isOf(line, 1) || isOf(line, 2));
  let hash: Buffer = Buffer.alloc(32);
  const digest = createHash('sha256');
  const rewritten = kept.map((line) => {
    if (line.startsWith('{"hash"')) {
      const entry = line.slice('{"hash":"'.length + 64 + '","entry":'.length, -1);
      const position = Number(/,"position":(\d+),/.exec(entry)![1]);
      const bytes = position > 50 ? entry.replace(/"actorName":"[^"]*"/, '"actorName":"Framed Person"') : entry;
      hash = createHash('sha256').update(hash).update(bytes).digest();
      return `{"hash":"${hash.toString('hex')}","entry":${bytes}}`;
    }
    if (!line.startsWith('{"end"')) {
      digest.update(line).update('\n');
      return line;
    }
    return line.replace(/"sha256":"[0-9a-f]+"/, `"sha256":"${digest.digest('hex')}"`);
  });
  expect(rewritten.join('')).toContain('Framed Person');
  expect(await verify(textOf(rewritten), 'old')).toMatchObject({ code: 3, said: expect.stringMatching(/^NOT PROVEN/) });
  const asJson = await verify(textOf(rewritten), 'old', '--json');
  expect(JSON.parse(asJson.said)).toMatchObject({ ok: false, verdict: 'not proven', findings: [] });
  expect(await verify(textOf(rewritten), 'old', ...outside())).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^NOT OK/),
  });
});

const twice = (position: number) =>
  lines.flatMap((line) => (line.includes(`,"position":${position},`) ? [line, line] : [line]));
function swapped(): string[] {
  const [first, second] = lines.flatMap((line, n) => (isCheckpoint(line) ? [n] : [])) as [number, number];
  return lines.with(first, lines[second]!).with(second, lines[first]!);
}
