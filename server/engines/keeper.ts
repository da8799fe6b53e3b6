/**
 * The keeper: a process of its own that owns the embedded engines of one data directory.
 *
 * 1. It takes the directory's lock (keeper.lock, a lock of the operating system: it ends with the process).
 * 2. It makes ready what an earlier run left: a cluster, or a postmaster that outlived its keeper.
 * 3. It starts PostgreSQL and the ClickHouse child and keeps them running on the same ports.
 * 4. It writes engines.json and says so on its output, one JSON object a line.
 * 5. It stops both when nobody holds it any more: neither the pipe to the one who started it nor a line
 *    (see keeper-lines.ts). Both end with the process at the other end, so a killed server leaves nothing behind.
 *
 * Started as `node keeper.ts --data DIR [--without postgres] [--without clickhouse] [--throwaway]`.
 * Exit codes: 0 stopped cleanly, 1 could not start, 75 another keeper has the lock.
 */
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { clickhouseUrl, startClickhouse } from './clickhouse-child-run.ts';
import { EngineError } from './error.ts';
import { freePort, isAlive, nameProcess, stopProcess } from './process.ts';
import { newSecret, readRecord, writeRecord } from './record.ts';
import type { EngineRecord, EnginesRecord } from './record.ts';
import { supervise } from './keeper-engine.ts';
import type { Supervised } from './keeper-engine.ts';
import { openLines } from './keeper-lines.ts';
import type { Lines } from './keeper-lines.ts';
import { ownerUrl, postgresUrl, prepareCluster, startPostgres } from './postgres.ts';
import { choosePlace, forgetPlace } from './postgres-place.ts';

/** What the keeper says on its output. */
export type KeeperWord =
  | { event: 'progress'; sentence: string }
  | { event: 'busy' }
  | { event: 'failed'; code: string; sentence: string; fault: EngineError['fault'] }
  | { event: 'ready' };

const EXIT_BUSY = 75;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    without: { type: 'string', multiple: true, default: [] },
    throwaway: { type: 'boolean', default: false },
  },
});

const speak = (word: KeeperWord): void => void process.stdout.write(JSON.stringify(word) + '\n');
const say = (sentence: string): void => speak({ event: 'progress', sentence });

// Other accounts must not read the engines' files: they tell who wrote to whom, and when.
process.umask(0o077);

let startersPipeOpen = true;
let lines: Lines | undefined;
let leave: () => void;
const nobodyLeft = new Promise<void>((resolve) => (leave = resolve));

// A pipe whose reader died must not take the keeper down before the engines are stopped.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.stdin
  .on('error', () => {})
  .on('close', closeStartersPipe)
  .on('end', closeStartersPipe)
  .resume();
// Ctrl-C reaches whole groups of processes; the server decides when its engines stop, and the pipe tells.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => leave());

await keep(realpathSync(options.data!)).catch((error: unknown) => {
  const known =
    error instanceof EngineError
      ? error
      : isFullDisk(error)
        ? new EngineError(
            'disk_full',
            `The disk that holds ${options.data!} is full (${error.message}). Free space or enlarge it, then start again.`,
            'operator',
            error,
          )
        : new EngineError('keeper_failed', String((error as Error).stack ?? error), 'ours', error);
  speak({ event: 'failed', code: known.code, sentence: known.message, fault: known.fault });
  process.exitCode = 1;
});
process.exit();

async function keep(dataDir: string): Promise<void> {
  const lock = takeLock(dataDir);
  if (!lock) {
    speak({ event: 'busy' });
    process.exitCode = EXIT_BUSY;
    return;
  }
  const earlier = readRecord(dataDir);
  const record: EnginesRecord = {
    version: 1,
    keeper: null,
    secret: earlier?.secret ?? newSecret(),
    postgres: null,
    clickhouse: null,
  };
  const save = () => writeRecord(dataDir, record);
  const engines: Supervised[] = [];
  try {
    const starting = [
      ...(options.without.includes('postgres') ? [] : [keepPostgres(dataDir, record, earlier, save)]),
      ...(options.without.includes('clickhouse') ? [] : [keepClickhouse(dataDir, record, earlier, save)]),
    ];
    // Both to their end, even if one fails: whatever has started must be known, to be stopped.
    const started = await Promise.allSettled(starting);
    for (const start of started) if (start.status === 'fulfilled') engines.push(start.value);
    for (const start of started) if (start.status === 'rejected') throw start.reason;
    lines = await openLines(record.secret, leaveIfEmpty);
    record.keeper = { process: nameProcess(process.pid)!, port: lines.port };
    save();
    speak({ event: 'ready' });
    leaveIfEmpty();
    await nobodyLeft;
  } finally {
    record.keeper = null;
    save();
    lines?.close();
    await Promise.all(engines.map((engine) => engine.stop()));
    for (const engine of [record.postgres, record.clickhouse]) if (engine) engine.process = null;
    if (options.throwaway) {
      forgetPlace(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    } else save();
    lock.close();
  }
}

async function keepPostgres(
  dataDir: string,
  record: EnginesRecord,
  earlier: EnginesRecord | null,
  save: () => void,
): Promise<Supervised> {
  const place = choosePlace(dataDir, say);
  const secret = record.secret;
  const settings = { place, secret, logFile: join(dataDir, 'logs', 'postgres.log'), throwaway: options.throwaway, say };
  await prepareCluster({ ...settings, port: 0 }, earlier?.postgres?.process ?? null, earlier === null);
  // The port is chosen after an orphan of ours is gone, or we would find our own old one taken.
  const port = await freePort(earlier?.postgres?.port);
  const mine: EngineRecord = (record.postgres = {
    port,
    url: postgresUrl(port, secret),
    ownerUrl: ownerUrl(port, secret),
    process: null,
  });
  say('Starting PostgreSQL');
  return supervise({
    name: 'PostgreSQL',
    start: () => startPostgres({ ...settings, port }),
    onRun: (run) => {
      mine.process = run?.process ?? null;
      save();
    },
    say,
  });
}

async function keepClickhouse(
  dataDir: string,
  record: EnginesRecord,
  earlier: EnginesRecord | null,
  save: () => void,
): Promise<Supervised> {
  const orphan = earlier?.clickhouse?.process;
  if (orphan && isAlive(orphan)) await stopProcess(orphan, ['SIGTERM'], 30_000);
  const secret = record.secret;
  const port = await freePort(earlier?.clickhouse?.port);
  const mine: EngineRecord = (record.clickhouse = { port, url: clickhouseUrl(port, secret), process: null });
  say('Starting ClickHouse');
  return supervise({
    name: 'ClickHouse',
    start: () =>
      startClickhouse({
        directory: join(dataDir, 'clickhouse'),
        logFile: join(dataDir, 'logs', 'clickhouse.log'),
        port,
        secret,
      }),
    onRun: (run) => {
      mine.process = run?.process ?? null;
      save();
    },
    say,
  });
}

/*
 * SQLite's lock on a file is one of the operating system's: nobody else gets it while we live, and it needs no
 * cleaning up after us, whatever becomes of us. A file with a pid in it has neither quality.
 */
function takeLock(dataDir: string): DatabaseSync | null {
  if (!existsSync(dataDir)) mkdirSync(dataDir, { recursive: true });
  const lock = new DatabaseSync(join(dataDir, 'keeper.lock'), { timeout: 0 });
  try {
    lock.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === 5) return null;
    throw new EngineError(
      'lock_failed',
      `The lock ${join(dataDir, 'keeper.lock')} could not be taken: ${(error as Error).message}`,
      'operator',
      error,
    );
  }
}

function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function closeStartersPipe(): void {
  startersPipeOpen = false;
  leaveIfEmpty();
}

function leaveIfEmpty(): void {
  if (!startersPipeOpen && (lines?.holders() ?? 0) === 0) leave();
}
