import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEngines } from './engines.ts';
import { isAlive, nameProcess, pause, sendSignal } from './process.ts';
import type { ProcessName } from './process.ts';
import { readRecord } from './record.ts';
import type { EnginesRecord } from './record.ts';

/* What becomes of the engines when processes around them die. Each test has a data directory and engines of its own. */

let dataDir: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), 'parley-keeper-'));
  chmodSync(home, 0o711); // as root, PostgreSQL's own user must get through to its cluster
  dataDir = join(home, 'data');
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  const record = readRecord(dataDir);
  if (record) await untilNoneLives(record);
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
});

/** A process that opens the engines, says so, and stays until it is killed or its input ends. */
async function startUser(as: 'server' | 'tool' = 'tool', directory = dataDir): Promise<ChildProcess> {
  const engines = fileURLToPath(new URL('engines.ts', import.meta.url));
  const script = `
    const { openEngines } = await import(${JSON.stringify(engines)});
    const engines = await openEngines({ dataDir: ${JSON.stringify(directory)}, as: '${as}', onProgress: (sentence) => console.error(sentence) })
      .catch((error) => { console.log('refused ' + error.code); process.exit(3); });
    console.log('open ' + engines.ownerUrl);
    process.stdin.on('end', async () => { await engines.close(); console.log('closed'); process.exit(0); }).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  started.push(child);
  return child;
}
const firstWords = async (child: ChildProcess): Promise<string> =>
  ((await once(createInterface({ input: child.stdout! }), 'line')) as [string])[0];
async function openUser(as: 'server' | 'tool' = 'tool'): Promise<ChildProcess> {
  const child = await startUser(as);
  expect(await firstWords(child)).toMatch(/^open /);
  return child;
}
async function endUser(child: ChildProcess): Promise<void> {
  child.stdin!.end();
  if (child.exitCode === null) await once(child, 'exit');
}

const processesOf = (record: EnginesRecord): ProcessName[] =>
  [record.keeper?.process, record.postgres?.process, record.clickhouse?.process].filter((name) => !!name);
async function untilNoneLives(record: EnginesRecord): Promise<void> {
  await until(() => processesOf(record).every((name) => !isAlive(name)));
}
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + 90_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`Waited in vain for: ${condition.toString()}`);
    await pause(25);
  }
}
async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
const answers = (url: string) =>
  ask(url, 'select 1').then(
    () => true,
    () => false,
  );

test('data, addresses and secret are the same after stopping and starting again', async () => {
  const first = await openEngines({ dataDir });
  await ask(first.ownerUrl, "create table note (text text); insert into note values ('企业')");
  const [shape] = await ask(
    first.ownerUrl,
    "select pg_encoding_to_char(encoding) as encoding, datctype as ctype from pg_database where datname = 'parley'",
  );
  expect(shape).toEqual({ encoding: 'UTF8', ctype: 'C.UTF-8' });
  await first.close();
  expect(await answers(first.ownerUrl)).toBe(false);
  const second = await openEngines({ dataDir });
  expect([second.ownerUrl, second.clickhouseUrl]).toEqual([first.ownerUrl, first.clickhouseUrl]);
  expect(await ask(second.ownerUrl, 'select text from note')).toEqual([{ text: '企业' }]);
  expect(statSync(join(dataDir, 'engines.json')).mode & 0o777).toBe(0o600);
  await second.close();
});

test('a user killed outright leaves no engine behind', async () => {
  const user = await openUser('server');
  const record = readRecord(dataDir)!;
  expect(processesOf(record)).toHaveLength(3);
  user.kill('SIGKILL');
  await untilNoneLives(record);
  const again = await openEngines({ dataDir });
  expect(await answers(again.ownerUrl)).toBe(true);
  await again.close();
});

test('a user killed while the engines are still starting leaves none behind either', async () => {
  const user = await startUser();
  await until(() => existsSync(join(dataDir, 'postgres', 'PG_VERSION')));
  user.kill('SIGKILL');
  // The lock is free again when the keeper has stopped whatever it had begun; what it left can be used.
  const next = await openEngines({ dataDir });
  expect(await answers(next.ownerUrl)).toBe(true);
  const record = readRecord(dataDir)!;
  await next.close();
  await untilNoneLives(record);
});

test('even a keeper killed together with its user leaves no engine behind', async () => {
  const user = await openUser();
  const record = readRecord(dataDir)!;
  user.kill('SIGKILL');
  sendSignal(record.keeper!.process.pid, 'SIGKILL');
  await untilNoneLives(record);
});

test('a keeper that dies is replaced, at the same addresses with the same data', async () => {
  const engines = await openEngines({ dataDir });
  await ask(engines.ownerUrl, 'create table note (id int)');
  const keeper = readRecord(dataDir)!.keeper!.process;
  sendSignal(keeper.pid, 'SIGKILL');
  await until(() => !isAlive(keeper) && readRecord(dataDir)?.keeper?.process.pid !== keeper.pid);
  await until(() => answers(engines.ownerUrl));
  expect(await ask(engines.ownerUrl, 'select id from note')).toEqual([]);
  await engines.close();
});

test('an engine that dies comes back on its port while the keeper lives', async () => {
  const said: string[] = [];
  const engines = await openEngines({ dataDir, onProgress: (sentence) => said.push(sentence) });
  const record = readRecord(dataDir)!;
  for (const engine of ['postgres', 'clickhouse'] as const) sendSignal(record[engine]!.process!.pid, 'SIGKILL');
  await until(() => {
    const now = readRecord(dataDir)!;
    return (['postgres', 'clickhouse'] as const).every(
      (engine) => now[engine]!.process && now[engine]!.process!.pid !== record[engine]!.process!.pid,
    );
  });
  expect(await answers(engines.ownerUrl)).toBe(true);
  expect((await fetch(new URL('/ping', engines.clickhouseUrl.replace(/\/\/.*@/, '//')))).status).toBe(200);
  expect(said).toContain('PostgreSQL is back');
  await engines.close();
});

test('tools join the engines of a server and do not stop them; the last to leave does', async () => {
  const server = await openUser('server');
  const tool = await openEngines({ dataDir });
  const record = readRecord(dataDir)!;
  await tool.close();
  expect(await answers(tool.ownerUrl)).toBe(true);
  const stayer = await openEngines({ dataDir });
  await endUser(server);
  expect(await answers(stayer.ownerUrl)).toBe(true);
  await stayer.close();
  expect(processesOf(record).some(isAlive)).toBe(false);
});

test('a second server on the same data is refused, and the first does not notice', async () => {
  const first = await openUser('server');
  await expect(openEngines({ dataDir, as: 'server' })).rejects.toMatchObject({
    code: 'second_server',
    fault: 'operator',
  });
  expect(await answers(readRecord(dataDir)!.postgres!.url)).toBe(true);
  await endUser(first);
  const next = await openEngines({ dataDir, as: 'server' });
  await next.close();
});

test('several that start at once share one pair of engines', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => openEngines({ dataDir })));
  expect(new Set(all.map((engines) => engines.ownerUrl)).size).toBe(1);
  await Promise.all(all.map((engines) => engines.close()));
  expect(await answers(all[0]!.ownerUrl)).toBe(false);
});

test('a postmaster.pid left by a crash is no obstacle, even when a stranger has that pid now, and the stranger lives on', async () => {
  const first = await openEngines({ dataDir });
  await ask(first.ownerUrl, 'create table note (id int)');
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  const stale = join(dataDir, 'stale');
  copyFileSync(pidFile, stale);
  await first.close();
  const stranger = spawn('sleep', ['600']);
  started.push(stranger);
  for (const pid of [stranger.pid!, 2 ** 22 - 3]) {
    const uid = statSync(join(dataDir, 'postgres')).uid;
    writeFileSync(pidFile, readFileSync(stale, 'utf8').replace(/^\d+/, String(pid)));
    if (process.getuid?.() === 0) chownSync(pidFile, uid, uid);
    const engines = await openEngines({ dataDir });
    expect(await ask(engines.ownerUrl, 'select id from note')).toEqual([]);
    await engines.close();
  }
  expect(nameProcess(stranger.pid!)).not.toBeNull();
});

test('a PostgreSQL that outlived its keeper is stopped before a new one starts on its cluster', async () => {
  const user = await openUser();
  const record = readRecord(dataDir)!;
  // Stopped, neither the guard's signal nor anything else ends it: an orphan as stubborn as can be.
  sendSignal(record.postgres!.process!.pid, 'SIGSTOP');
  user.kill('SIGKILL');
  sendSignal(record.keeper!.process.pid, 'SIGKILL');
  await until(() => !isAlive(record.keeper!.process));
  expect(isAlive(record.postgres!.process)).toBe(true);
  setTimeout(() => sendSignal(record.postgres!.process!.pid, 'SIGCONT'), 1_000);
  const next = await openEngines({ dataDir });
  expect(isAlive(record.postgres!.process)).toBe(false);
  expect(await answers(next.ownerUrl)).toBe(true);
  await next.close();
});

test('a lost engines.json costs nothing: the password is set anew', async () => {
  const first = await openEngines({ dataDir });
  await ask(first.ownerUrl, 'create table note (id int)');
  await first.close();
  unlinkSync(join(dataDir, 'engines.json'));
  const second = await openEngines({ dataDir });
  expect(await ask(second.ownerUrl, 'select id from note')).toEqual([]);
  await expect(ask(second.ownerUrl.replace(/:[0-9a-f]+@/, ':guessed@'), 'select 1')).rejects.toMatchObject({
    code: '28P01',
  });
  await second.close();
});

test('with both addresses given nothing is started, with one given only the other engine is', async () => {
  const none = await openEngines({
    dataDir,
    databaseUrl: 'postgres://elsewhere/db',
    clickhouseUrl: 'http://elsewhere',
  });
  expect(none.embedded).toEqual({ postgres: false, clickhouse: false });
  await none.close();
  expect(existsSync(dataDir)).toBe(false);
  const one = await openEngines({ dataDir, clickhouseUrl: 'http://elsewhere' });
  expect(one.embedded).toEqual({ postgres: true, clickhouse: false });
  expect(one.clickhouseUrl).toBe('http://elsewhere');
  await expect(openEngines({ dataDir })).rejects.toMatchObject({ code: 'engine_absent' });
  await one.close();
});

test('engines that are thrown away take their directory with them, however their user ends', async () => {
  const engines = await openEngines({ dataDir, throwaway: true });
  const keeper = readRecord(dataDir)!.keeper!.process;
  expect(await answers(engines.ownerUrl)).toBe(true);
  await engines.close();
  expect([isAlive(keeper), existsSync(dataDir)]).toEqual([false, false]);
});
