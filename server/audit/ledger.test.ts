import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Ledger, LedgerFault, type LedgerEntry } from './ledger.ts';

let directory: string;
const key = Buffer.alloc(32, 7);
const open = () => new Ledger(directory, key);
beforeEach(() => void (directory = mkdtempSync(path.join(tmpdir(), 'parley-ledger-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const entry = (subject: string, at: number, state: LedgerEntry['state'] = 'revoked'): LedgerEntry => ({
  at,
  kind: 'role',
  subject,
  state,
});
const states = async () => {
  const book = open();
  await book.read();
  return Object.fromEntries(book.lines().map(({ subject, state }) => [subject, state]));
};

test('a line cut anywhere in its middle is dropped and written again', async () => {
  const book = open();
  await book.append([entry('a', 1), entry('b', 2)], 0);
  const whole = readFileSync(book.file);
  const first = whole.indexOf(10) + 1;
  for (let length = first + 1; length < whole.length; length++) {
    writeFileSync(book.file, whole.subarray(0, length));
    expect(await states(), `cut at ${length}`).toEqual({ a: 'revoked' });
    await open().append([entry('b', 2)], 0);
    expect(readFileSync(book.file), `cut at ${length}`).toEqual(whole);
  }
});

test('a changed, forged, moved or removed line stops the start', async () => {
  const book = open();
  await book.append([entry('a', 1), entry('b', 2), entry('c', 3)], 0);
  const lines = readFileSync(book.file, 'utf8').trimEnd().split('\n') as [string, string, string];
  const damaged: [string, string[]][] = [
    ['changed', [lines[0].replace('revoked', 'restored'), lines[1], lines[2]]],
    ['forged', [...lines, lines[2].replace('"number":3', '"number":4')]],
    ['moved', [lines[1], lines[0], lines[2]]],
    ['removed', [lines[0], lines[2]]],
    ['doubled', [lines[0], lines[0], lines[1], lines[2]]],
    ['no JSON', [lines[0], 'nonsense', lines[1], lines[2]]],
  ];
  for (const [what, text] of damaged) {
    writeFileSync(book.file, text.map((line) => `${line}\n`).join(''));
    await expect(open().read(), what).rejects.toThrow(LedgerFault);
    await expect(open().append([entry('d', 4)], 0), what).rejects.toThrow(LedgerFault);
  }
  await expect(new Ledger(directory, Buffer.alloc(32, 8)).read(), 'another secret').rejects.toThrow('PARLEY_SECRET');
});

test('the newest word on a subject counts, and what is older or known is not written', async () => {
  const book = open();
  await book.append([entry('a', 5), entry('a', 9, 'restored'), entry('b', 5, 'restored'), entry('b', 9)], 0);
  const { size } = statSync(book.file);
  await book.append([entry('a', 5), entry('a', 9, 'restored'), entry('b', 9)], 0);
  expect(statSync(book.file).size).toBe(size);
  expect(await states()).toEqual({ a: 'restored', b: 'revoked' });
  expect(book.number).toBe(4);
});

test('a ledger that was lost goes on above the number the database knows', async () => {
  const book = open();
  await book.append([entry('a', 1)], 41);
  expect(book.number).toBe(42);
});

test('the file does not grow with what is outlived', async () => {
  const book = open();
  for (let n = 0; n < 40; n++)
    await book.append(
      Array.from({ length: 100 }, (_, i) => entry(`s${i % 5}`, n * 100 + i, i % 2 === 0 ? 'revoked' : 'restored')),
      0,
    );
  const lines = readFileSync(book.file, 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThan(1_300);
  expect(book.number).toBe(4_000);
  const again = open();
  await again.read();
  expect(again.number).toBe(4_000);
  expect(again.lines()).toHaveLength(5);
  // What would have ended by itself is not kept: a device that has been idle for longer than a month.
  const old: LedgerEntry = { at: Date.now() - 40 * 86_400_000, kind: 'device', subject: 'old', state: 'revoked' };
  await again.append([old], 0);
  for (let n = 0; n < 15; n++)
    await again.append(
      Array.from({ length: 100 }, (_, i) => entry('x', 10_000 + n * 100 + i, i % 2 ? 'revoked' : 'restored')),
      0,
    );
  expect(again.lines().some(({ subject }) => subject === 'old')).toBe(false);
});

test('what failed to be written is read again before anything is added', async () => {
  const book = open();
  await book.append([entry('a', 1)], 0);
  appendFileSync(book.file, '{"torn');
  const other = open();
  await other.append([entry('b', 2)], 0);
  expect(await states()).toEqual({ a: 'revoked', b: 'revoked' });
  truncateSync(book.file, 0);
  expect(await states()).toEqual({});
});
