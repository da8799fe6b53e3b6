import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestClient } from '../testing/client.ts';
import { ServerProcess } from '../testing/server-process.ts';

let home: string;
let dataDir: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'parley-closed-'));
  chmodSync(home, 0o711);
  dataDir = path.join(home, 'data');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/**
 * What other accounts could read, write or list. Only as root may others pass through the data directory itself:
 * PostgreSQL's own user must.
 */
function open(place: string): string[] {
  const found = lstatSync(place);
  if (found.isSymbolicLink()) return []; // has no mode of its own
  const allowed = place === dataDir && process.getuid?.() === 0 ? 0o011 : 0;
  const mine = (found.mode & 0o077 & ~allowed) === 0 ? [] : [`${place} ${(found.mode & 0o777).toString(8)}`];
  // A closed directory closes what is in it; all the same, nothing in there may be open.
  return found.isDirectory()
    ? [...mine, ...readdirSync(place).flatMap((entry) => open(path.join(place, entry)))]
    : mine;
}

test('the data directory is closed to other accounts, also files of an earlier version', async () => {
  const clickhouse = path.join(dataDir, 'clickhouse', 'store');
  mkdirSync(clickhouse, { recursive: true });
  writeFileSync(path.join(clickhouse, 'data.bin'), 'who, where, when');
  for (const place of [dataDir, path.dirname(clickhouse), clickhouse]) chmodSync(place, 0o755);
  chmodSync(path.join(clickhouse, 'data.bin'), 0o644);
  expect(open(dataDir).length).toBeGreaterThan(3);
  const server = await ServerProcess.prepare({ PARLEY_DATA: dataDir, NODE_ENV: 'test' });
  await server.start();
  try {
    const [, email, password] = /owner +(\S+) +(\S+)/.exec(server.said)!;
    const owner = await TestClient.signIn(server.origin, { id: '', name: 'Owner', email: email!, password: password! });
    await owner.connect();
    await owner.says('hello', { in: await owner.group('Room', []) });
    owner.close();
    expect(readdirSync(dataDir)).toEqual(
      expect.arrayContaining(['audit', 'clickhouse', 'engines.json', 'logs', 'secret']),
    );
    expect(open(dataDir)).toEqual([]);
  } finally {
    await server.stop();
  }
  expect(open(dataDir)).toEqual([]);
});
