/**
 * The embedded PostgreSQL: makes the cluster once, starts it on a loopback port, answers when it is ready.
 *
 * The cluster is UTF-8 with the locale C.UTF-8: under LANG=C initdb would make an SQL_ASCII cluster in which Chinese
 * text has no trigrams and lower('É') changes nothing. It listens on 127.0.0.1 only and asks for a password.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { EngineError } from './error.ts';
import { commandOf, isAlive, nameProcess, pause, stopProcess } from './process.ts';
import type { ProcessName } from './process.ts';
import type { Run } from './keeper-engine.ts';
import { giveTo } from './postgres-place.ts';
import type { Place } from './postgres-place.ts';

export const OWNER = 'parley';
const APPLICATION = 'parley_app';
const DATABASE = 'parley';
const LOG_LIMIT = 10 * 1024 * 1024;
const CLEAN_STOP = 60_000;

export type PostgresOptions = {
  place: Place;
  port: number;
  secret: string;
  /** Where PostgreSQL's own words go; cut off at 10 MB, one older file is kept. */
  logFile: string;
  /** True for clusters that are thrown away: nothing is flushed, so a power cut would lose them. */
  throwaway: boolean;
  say(sentence: string): void;
};

/** The address of the product's own database on this port, as the role that owns its tables: for migrations alone. */
export const ownerUrl = (port: number, secret: string): string =>
  `postgres://${OWNER}:${secret}@127.0.0.1:${port}/${DATABASE}`;

/**
 * The same database as the role the product works with. It is no superuser, owns nothing, and has a password of its
 * own.
 */
export const postgresUrl = (port: number, secret: string): string =>
  `postgres://${APPLICATION}:${applicationPassword(secret)}@127.0.0.1:${port}/${DATABASE}`;

const applicationPassword = (secret: string) =>
  createHmac('sha256', secret).update('application role').digest('hex').slice(0, 48);

/**
 * Makes the cluster if there is none and frees it from a postmaster that outlived its keeper.
 * `known` is the postmaster that the last record named; nothing else is ever stopped unless its own command line
 * names this cluster. `secretIsNew` sets the password anew on a cluster whose record was lost.
 */
export async function prepareCluster(
  options: PostgresOptions,
  known: ProcessName | null,
  secretIsNew: boolean,
): Promise<void> {
  const { place, say } = options;
  if (!existsSync(join(place.cluster, 'PG_VERSION'))) return makeCluster(options);
  await stopOrphan(place.cluster, known, say);
  if (secretIsNew) resetPassword(options);
}

/** Starts PostgreSQL on its port and resolves when it takes connections and the product's database exists. */
export async function startPostgres(options: PostgresOptions): Promise<Run> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToStart(options);
    } catch (error) {
      // Backends of a postmaster that was killed need a moment to notice; until then its shared memory is in use.
      if (attempt === 40 || !String((error as Error).message).includes('shared memory block')) throw error;
      await pause(250);
    }
  }
}

async function tryToStart(options: PostgresOptions): Promise<Run> {
  const { place, port, throwaway, say } = options;
  const log = openLog(options.logFile);
  const since = fstatSync(log).size;
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=', // a socket's path may be 107 bytes at most, and data directories can be deep
    'max_connections=200',
    'password_encryption=scram-sha-256',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(throwaway ? ['fsync=off', 'synchronous_commit=on', 'full_page_writes=off', 'max_connections=400'] : []),
  ];
  const child = spawn(
    place.programs.postgres,
    ['-D', place.cluster, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...place.user,
      cwd: place.cluster,
      env: cleanEnvironment(),
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  const ended = endOf(child).then((how) =>
    saysDiskFull(lastLines(wordsSince(options.logFile, since), 40))
      ? `${how}: the disk that holds ${place.cluster} is full`
      : how,
  );
  const named = child.pid === undefined ? null : nameProcess(child.pid);
  if (!named) throw startFailure(options, await ended, since);
  const guard = spawnGuard(named.pid, place.user);

  const answers = await Promise.race([
    waitUntilReady(options, named, say),
    ended.then((how) => startFailure(options, how, since)),
  ]);
  if (answers instanceof Error) {
    guard.kill('SIGKILL');
    await stopProcess(named, ['SIGINT', 'SIGQUIT'], CLEAN_STOP);
    throw answers;
  }
  void ended.then(() => guard.kill('SIGKILL'));
  return { process: named, ended, stop: () => stopProcess(named, ['SIGINT', 'SIGQUIT'], CLEAN_STOP) };
}

async function makeCluster(options: PostgresOptions): Promise<void> {
  const { place, secret, say } = options;
  say('Making the database cluster (once, a few seconds)');
  rmSync(place.cluster, { recursive: true, force: true }); // a first start that was cut off leaves half a cluster
  mkdirSync(place.cluster, { recursive: true, mode: 0o700 });
  giveTo(place.cluster, place.user);
  const passwordFile = `${place.cluster}.password`;
  writeFileSync(passwordFile, secret + '\n', { mode: 0o600 });
  giveTo(passwordFile, place.user);
  try {
    const options = [
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--lc-messages=C',
      '--auth=scram-sha-256',
      `--username=${OWNER}`,
      `--pwfile=${passwordFile}`,
      '--no-instructions',
    ];
    const done = await runProgram(place.programs.initdb, ['-D', place.cluster, ...options], place);
    if (done.code !== 0 && saysDiskFull(done.words)) throw diskFull(place.cluster, done.words);
    if (done.code !== 0)
      throw new EngineError(
        'postgres_initdb_failed',
        `The database cluster could not be made in ${place.cluster}: ${lastLines(done.words)}`,
        'machine',
      );
  } catch (error) {
    rmSync(place.cluster, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/*
 * postmaster.pid names the process that last opened the cluster. PostgreSQL refuses to start while a process with that
 * pid lives, be it a stranger that got the number later, so a file that names a stranger is removed. A true postmaster
 * is stopped first: two on one cluster would destroy it.
 */
async function stopOrphan(cluster: string, known: ProcessName | null, say: (sentence: string) => void): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  const living = Number.isInteger(pid) && pid > 0 ? nameProcess(pid) : null;
  if (!living) return; // PostgreSQL itself sees that nobody has this pid
  const recorded = known?.pid === living.pid && isAlive(known);
  if (recorded || isPostmasterOf(cluster, pid)) {
    say('Stopping a PostgreSQL that outlived an earlier run');
    await stopProcess(living, ['SIGINT', 'SIGQUIT'], CLEAN_STOP);
  } else {
    unlinkSync(file);
  }
}

function isPostmasterOf(cluster: string, pid: number): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && command.includes(`-D ${cluster} `);
}

// The record with the password is gone, but the cluster is ours: single-user mode needs no password.
function resetPassword({ place, secret, say }: PostgresOptions): void {
  say('Setting a new password for the embedded database, because engines.json was missing');
  const done = spawnSync(place.programs.postgres, ['--single', '-D', place.cluster, '-j', 'postgres'], {
    ...place.user,
    cwd: place.cluster,
    env: cleanEnvironment(),
    input: `alter role ${OWNER} password '${secret}';\n`,
    encoding: 'utf8',
  });
  if (done.status !== 0)
    throw new EngineError(
      'postgres_password_failed',
      `The embedded database's password could not be set anew: ${lastLines(done.stderr ?? '')}`,
      'ours',
    );
}

async function waitUntilReady(
  { port, secret, logFile }: PostgresOptions,
  named: ProcessName,
  say: (sentence: string) => void,
): Promise<Error | null> {
  const url = new URL(ownerUrl(port, secret));
  url.pathname = '/postgres';
  const since = Date.now();
  let told = 0;
  // No limit of time: replaying the log after a crash may take minutes, and ends by itself one way or the other.
  while (isAlive(named)) {
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
      if (!rowCount) await client.query(`create database ${DATABASE}`);
      await prepareApplicationRole(client, secret);
      return null;
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (code === '28P01')
        return new EngineError(
          'postgres_password_refused',
          `The embedded database refuses the password in engines.json. Delete engines.json beside the cluster and start again: it is then set anew.`,
          'operator',
          error,
        );
      const waited = Math.floor((Date.now() - since) / 10_000);
      if (waited > told) {
        told = waited;
        say(`Waiting for PostgreSQL to recover (${waited * 10} s; it writes to ${logFile})`);
      }
    } finally {
      await client.end().catch(() => {});
    }
    await pause(40);
  }
  return new Promise(() => {}); // it ended meanwhile, which the caller hears from the process itself
}

/**
 * The role is made at the first start, in clusters of earlier versions as well; its rights on tables come with the
 * migrations.
 */
async function prepareApplicationRole(client: pg.Client, secret: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [APPLICATION]);
  if (!rowCount) await client.query(`create role ${APPLICATION}`);
  await client.query(
    `alter role ${APPLICATION} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${applicationPassword(secret)}'`,
  );
}

/*
 * PostgreSQL does not notice when its keeper is killed outright. This shell does: its input ends with the keeper, and
 * it then asks PostgreSQL to stop, so that even then nothing is left behind.
 */
function spawnGuard(pid: number, user: Place['user']): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"', 'postgres-guard', String(pid)], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {}); // without a shell we merely lose this second safety; the next start stops an orphan too
  guard.stdin!.on('error', () => {});
  return guard;
}

/** What PostgreSQL wrote since this start: its last words, or the one that matters if they end in "shut down". */
function startFailure({ logFile, place }: PostgresOptions, how: string, since: number): EngineError {
  const words = wordsSince(logFile, since);
  if (saysDiskFull(words)) return diskFull(place.cluster, words);
  return new EngineError(
    'postgres_start_failed',
    `PostgreSQL did not start (${how}). Its last words in ${logFile}: ${lastLines(words)}`,
    'machine',
  );
}

const saysDiskFull = (words: string) => /No space left on device|Disk quota exceeded/.test(words);

function diskFull(directory: string, words: string): EngineError {
  const line = words.split('\n').findLast(saysDiskFull)!.trim();
  return new EngineError(
    'disk_full',
    `The disk that holds ${directory} is full. Free space or enlarge it; the database is started again by itself. PostgreSQL said: ${line}`,
    'operator',
  );
}

function wordsSince(logFile: string, since: number): string {
  if (!existsSync(logFile)) return '';
  const all = readFileSync(logFile);
  // The file may have been cut meanwhile.
  return all.subarray(since <= all.length ? since : 0).toString('utf8');
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT) renameSync(logFile, `${logFile}.1`);
  return openSync(logFile, 'a', 0o600);
}

// PGDATA, PGPORT and friends in somebody's profile must not reach our PostgreSQL.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

export function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
}

function runProgram(program: string, options: string[], place: Place): Promise<{ code: number; words: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, {
      ...place.user,
      cwd: dirname(place.cluster),
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let words = '';
    child.stdout.on('data', (piece) => (words += piece));
    child.stderr.on('data', (piece) => (words += piece));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, words }));
  });
}

const lastLines = (words: string, count = 4): string => words.trim().split('\n').slice(-count).join(' / ');
