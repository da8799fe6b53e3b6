import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdRole, RoleTaken } from './kernel/role-lock.ts';
import { until } from './testing/client.ts';
import { freshDatabase, type FreshDatabase } from './testing/database.ts';
import { visitor } from './testing/http.ts';
import { ServerProcess } from './testing/server-process.ts';

/* One web process serves a database. Two real processes, each with a data directory of its own, on one database. */

let database: FreshDatabase;
let home: string;
const started: ServerProcess[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  home = mkdtempSync(path.join(tmpdir(), 'parley-two-'));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

async function server(name: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const made = await ServerProcess.prepare({
    DATABASE_URL: database.url,
    CLICKHOUSE_URL: database.clickhouseUrl,
    PARLEY_DATA: path.join(home, name),
    PARLEY_SECRET: 'a secret that both processes of this test share',
    PARLEY_ACCEPT_UNSAFE_DATABASE: 'true',
    PARLEY_TAKEOVER_SECONDS: '1',
    ...env,
  });
  started.push(made);
  return made;
}
async function sql(text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
const lockSession = `select pid from pg_stat_activity where application_name like 'parley web %' and datname = current_database()`;

test('a second web process is refused with a sentence; a worker is not', async () => {
  const [first, second, worker] = [await server('a'), await server('b'), await server('c', { PARLEY_ROLES: 'worker' })];
  await first.start();
  expect(await second.startRefused()).toBe(1);
  expect(second.said).toMatch(/Another Parley web process already serves this database \(parley web \d+ on /);
  expect(second.said).not.toMatch(/\n\s+at /);
  await worker.start();
  expect((await visitor(first.origin).ask('GET', '/readyz')).status).toBe(200);
});

test('a killed web process leaves the lock free; one that stops is waited for', async () => {
  const [first, second, third] = [
    await server('a'),
    await server('b'),
    await server('c', { PARLEY_TAKEOVER_SECONDS: '60' }),
  ];
  await first.start();
  await first.kill();
  await second.start();
  const starting = third.start();
  await until(() => third.said.includes('Waiting up to 60 s'), 'the successor to wait');
  await second.stop();
  await starting;
});

test('a lock whose connection was cut is taken again, and serving goes on', async () => {
  const first = await server('a');
  await first.start();
  const [{ pid }] = (await sql(lockSession)).rows as [{ pid: number }];
  await sql(`select pg_terminate_backend(${pid})`);
  await until(async () => {
    const { rows } = await sql(lockSession);
    return rows.length === 1 && (rows[0] as { pid: number }).pid !== pid;
  }, 'the lock to be taken again');
  await until(() => first.said.includes('The web lock is held again'));
  expect((await visitor(first.origin).ask('GET', '/readyz')).status).toBe(200);
});

test('a process whose lock another one took stops serving and says so', async () => {
  const first = await server('a');
  await first.start();
  const other = new pg.Client({ connectionString: database.url, application_name: 'parley web of another machine' });
  await other.connect();
  try {
    // Queued behind the holder, so that the lock is the other's the moment the holder's connection is cut.
    const taken = other.query(`select pg_advisory_lock(hashtext('parley role'), hashtext('web'))`);
    await until(
      async () =>
        (
          await sql(
            `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
          )
        ).rowCount === 1,
      'the other process to queue',
    );
    const [{ pid }] = (
      await sql(
        `select l.pid from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.granted and a.application_name like 'parley web % on %' and a.datname = current_database()`,
      )
    ).rows as [{ pid: number }];
    await sql(`select pg_terminate_backend(${pid})`);
    await taken;
    expect(await first.ended()).toBe(1);
    expect(first.said).toContain('Another web process took over this database (parley web of another machine');
  } finally {
    await other.end();
  }
});

/** A minimal pooler in transaction mode: all clients share one backend, and its session is never reset. */
async function pooler(url: string): Promise<{ url: string; close(): void }> {
  const target = new URL(url);
  const [port, host] = [Number(target.port), target.hostname];
  const sockets = new Set<Socket>();
  // Both clients are given the backend id of the first: that is what sharing looks like from above.
  let shared: string | undefined;
  const dataRow = new RegExp(String.raw`D\0\0\0.\0\x01\0\0\0(.)(\d+)C`, 's');
  const proxy = createServer((client) => {
    const up = connect(port, host);
    for (const socket of [client, up]) sockets.add(socket.on('error', () => undefined));
    client.pipe(up);
    up.on('data', (chunk: Buffer) => {
      // A DataRow of one column that is the backend's pid.
      const text = chunk.toString('latin1');
      const row = dataRow.exec(text);
      if (row && row[1]!.charCodeAt(0) === row[2]!.length) {
        shared ??= row[2]!;
        if (shared.length === row[2]!.length) chunk = Buffer.from(text.replace(row[2]!, shared), 'latin1');
      }
      client.write(chunk);
    });
    up.on('close', () => client.destroy());
    client.on('close', () => up.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  target.hostname = '127.0.0.1';
  target.port = String((proxy.address() as AddressInfo).port);
  return {
    url: target.href,
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

test('a pooler in transaction mode: the lock is refused, naming DATABASE_DIRECT_URL', async () => {
  const between = await pooler(database.url);
  const options = { waitMs: 0, signal: new AbortController().signal, say: () => undefined };
  try {
    await expect(holdRole(between.url, 'web', options)).rejects.toThrow(/pooler .* set DATABASE_DIRECT_URL/);
    const lock = await holdRole(database.url, 'web', options);
    await expect(holdRole(database.url, 'web', options)).rejects.toThrow(RoleTaken);
    await lock.release();
    await (await holdRole(database.url, 'web', options)).release();
  } finally {
    between.close();
  }
});
