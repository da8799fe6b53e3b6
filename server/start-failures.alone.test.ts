import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from './testing/database.ts';
import { ServerProcess } from './testing/server-process.ts';

/*
 * A start that cannot succeed: the real process, one sentence that names the setting and what to do, no stack, and an
 * exit code.
 */

let database: FreshDatabase;
let home: string;
let takenPort: number;
const squatter = createServer();
beforeAll(async () => {
  database = await freshDatabase();
  home = mkdtempSync(path.join(tmpdir(), 'parley-start-'));
  writeFileSync(path.join(home, 'file'), 'no directory');
  mkdirSync(path.join(home, 'data'));
  squatter.listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  takenPort = (squatter.address() as AddressInfo).port;
});
afterAll(async () => {
  squatter.close();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const altered = (url: string, change: (url: URL) => void) => {
  const copy = new URL(url);
  change(copy);
  return copy.href;
};

test.each<[string, () => Record<string, string>, RegExp]>([
  [
    'the port is taken',
    () => ({ PARLEY_PORT: String(takenPort) }),
    /^Port \d+ of 127\.0\.0\.1 is taken .*PARLEY_PORT/m,
  ],
  [
    'the address is not there',
    () => ({ PARLEY_HOST: '203.0.113.77' }),
    /^203\.0\.113\.77 is no address of this machine.*PARLEY_HOST/m,
  ],
  [
    'the host cannot be found',
    () => ({ PARLEY_HOST: 'nowhere.invalid' }),
    /^The host nowhere\.invalid cannot be found.*PARLEY_HOST/m,
  ],
  ['the host is an IPv6 address in brackets', () => ({ PARLEY_HOST: '[::1]' }), /PARLEY_HOST .*without brackets/m],
  [
    'the data directory is a file',
    () => ({ PARLEY_DATA: path.join(home, 'file'), PARLEY_SECRET: '' }),
    /PARLEY_DATA="[^"]+" is a file/,
  ],
  [
    'the data directory lies below a file',
    () => ({ PARLEY_DATA: path.join(home, 'file', 'data'), PARLEY_SECRET: '' }),
    /PARLEY_DATA="[^"]+" cannot be used/,
  ],
  [
    'the audit directory is a file',
    () => ({ PARLEY_AUDIT_DIR: path.join(home, 'file') }),
    /checkpoints cannot be written .* is a file\. Set PARLEY_AUDIT_DIR/,
  ],
  [
    'no database answers',
    () => ({ DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' }),
    /^No PostgreSQL answers at 127\.0\.0\.1:1: .*DATABASE_URL/m,
  ],
  [
    'the database’s host cannot be found',
    () => ({ DATABASE_URL: 'postgres://x:y@nowhere.invalid/z' }),
    /^The host nowhere\.invalid of the database .*DATABASE_URL/m,
  ],
  [
    'the database’s password is wrong',
    () => ({ DATABASE_URL: altered(database.url, (url) => (url.password = 'wrong')) }),
    /does not let parley in .*DATABASE_URL/,
  ],
  [
    'there is no such database',
    () => ({ DATABASE_URL: altered(database.url, (url) => (url.pathname = '/nothing')) }),
    /has no database nothing\. .*DATABASE_URL/,
  ],
  [
    'the owner’s password is wrong',
    () => ({ PARLEY_DATABASE_OWNER_URL: altered(database.url, (url) => (url.password = 'wrong')) }),
    /does not let parley in .*PARLEY_DATABASE_OWNER_URL/,
  ],
  [
    'no ClickHouse answers',
    () => ({ CLICKHOUSE_URL: 'http://127.0.0.1:1/x' }),
    /^No ClickHouse answers at 127\.0\.0\.1:1 .*CLICKHOUSE_URL/m,
  ],
  [
    'ClickHouse refuses the password',
    () => ({ CLICKHOUSE_URL: altered(database.clickhouseUrl, (url) => (url.password = 'wrong')) }),
    /^ClickHouse at \S+ refuses the name or the password.*CLICKHOUSE_URL/m,
  ],
  ['a setting is faulty', () => ({ PARLEY_PORT: 'http' }), /PARLEY_PORT="http" must be a whole number/],
])('when %s, the start says what to set and ends', async (_name, env, sentence) => {
  const server = await ServerProcess.prepare({});
  const code = await server.startRefused({
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: database.clickhouseUrl,
    PARLEY_DATA: path.join(home, 'data'),
    PARLEY_SECRET: 'a secret that is long enough for a test',
    PARLEY_ACCEPT_UNSAFE_DATABASE: 'true',
    ...env(),
  });
  expect(server.said).toMatch(sentence);
  expect(code).toBe(1);
  expect(server.said).not.toMatch(/\n\s+at .*:\d+:\d+|node:internal|errno/);
  expect(server.said, 'no password is shown').not.toContain('wrong');
});
