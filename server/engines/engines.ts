/**
 * The two engines Parley stands on, PostgreSQL and ClickHouse. With an address given, that server is used; without
 * one, an embedded engine runs beside us, owned by the data directory's keeper (keeper.ts).
 *
 * Any number of processes may use one keeper. The first starts it, the others find it through engines.json, each
 * holds a line to it, and it stops its engines when the last line closes. A keeper that dies under us is started
 * again, on the same ports with the same secret, so that addresses handed out stay good.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { closeToOthers } from './data-directory.ts';
import { EngineError } from './error.ts';
import { isAlive, pause } from './process.ts';
import type { ProcessName } from './process.ts';
import { readRecord } from './record.ts';
import type { EnginesRecord } from './record.ts';
import type { KeeperWord } from './keeper.ts';
import { takeLine } from './keeper-lines.ts';
import type { Holder, Line } from './keeper-lines.ts';

export type EnginesOptions = {
  /** Where embedded engines keep everything; made if missing. */
  dataDir: string;
  /** A PostgreSQL of one's own; absent or empty means embedded. */
  databaseUrl?: string | undefined;
  /** Your PostgreSQL as the role that owns the tables; absent or empty means the role of `databaseUrl`. */
  ownerUrl?: string | undefined;
  /** A ClickHouse of one's own; absent or empty means embedded. */
  clickhouseUrl?: string | undefined;
  /** Only one 'server' may hold a data directory at a time; 'tool' (the default) joins whoever is there. */
  as?: Holder;
  /** For tests: nothing is flushed, and the keeper deletes the data directory when it stops. It must be empty or new. */
  throwaway?: boolean;
  /** Hears sentences for a person who waits, and later what happened to the engines. */
  onProgress?: (sentence: string) => void;
};

export type Engines = {
  /** The database as the application works with it. */
  databaseUrl: string;
  /** The same database as the role that owns its tables: for migrations. */
  ownerUrl: string;
  clickhouseUrl: string;
  /** Lets go. If nobody else uses the embedded engines, resolves when they have stopped. Safe to call twice. */
  close(): Promise<void>;
  /** Which of the two are ours. */
  embedded: { postgres: boolean; clickhouse: boolean };
};

const PATIENCE = 10 * 60_000;

/**
 * Opens both engines and resolves when they answer. Throws {@link EngineError}: `second_server` when `as: 'server'`
 * and another server holds the directory, `engine_absent` when the living keeper runs without an engine we need,
 * or whatever kept an engine from starting.
 */
export async function openEngines(options: EnginesOptions): Promise<Engines> {
  const embedded = { postgres: !options.databaseUrl, clickhouse: !options.clickhouseUrl };
  if (!embedded.postgres && !embedded.clickhouse) {
    return {
      databaseUrl: options.databaseUrl!,
      ownerUrl: options.ownerUrl || options.databaseUrl!,
      clickhouseUrl: options.clickhouseUrl!,
      close: async () => {},
      embedded,
    };
  }
  const dataDir = prepareDirectory(options.dataDir, options.throwaway ?? false);
  const say = options.onProgress ?? (() => {});
  let hold = await reachKeeper(dataDir, embedded, options, say);
  let closing: Promise<void> | undefined;
  const first = hold.record;

  const watch = async (): Promise<void> => {
    for (;;) {
      await hold.line.lost;
      if (closing || options.throwaway) return;
      say('The keeper of the embedded engines ended by itself; starting it again');
      const again = await reachKeeper(dataDir, embedded, options, say).catch((error: Error) => void say(error.message));
      if (!again) await pause(2_000);
      else if (closing) return void (await again.letGo());
      else {
        hold = again;
        if (
          again.record.postgres?.url !== first.postgres?.url ||
          again.record.clickhouse?.url !== first.clickhouse?.url
        )
          say('The embedded engines came back at other addresses; Parley must be restarted');
      }
    }
  };
  void watch();

  return {
    databaseUrl: options.databaseUrl || first.postgres!.url,
    ownerUrl: options.databaseUrl
      ? options.ownerUrl || options.databaseUrl
      : (first.postgres!.ownerUrl ?? first.postgres!.url),
    clickhouseUrl: options.clickhouseUrl || first.clickhouse!.url,
    close: () => (closing ??= hold.letGo()),
    embedded,
  };
}

type Hold = { record: EnginesRecord; line: Line; letGo(): Promise<void> };
type Needs = Engines['embedded'];

// Attach to a living keeper, else start one, else (somebody else is just starting or stopping one) try again.
async function reachKeeper(
  dataDir: string,
  needs: Needs,
  options: EnginesOptions,
  say: (sentence: string) => void,
): Promise<Hold> {
  const as = options.as ?? 'tool';
  const until = Date.now() + PATIENCE;
  let told = false;
  while (Date.now() < until) {
    const attached = await attach(dataDir, needs, as);
    if (attached) return attached;
    const started = await startKeeper(dataDir, needs, options.throwaway ?? false, say);
    if (started) {
      const hold = await attach(dataDir, needs, as, started);
      if (hold) return hold;
      started.stdin!.end();
    } else if (!told) {
      told = true;
      say('Waiting for another process that is starting or stopping the embedded engines');
    }
    await pause(200);
  }
  throw new EngineError(
    'keeper_busy',
    `Another process has held ${join(dataDir, 'keeper.lock')} for ten minutes without becoming ready.`,
    'operator',
  );
}

async function attach(dataDir: string, needs: Needs, as: Holder, starter?: ChildProcess): Promise<Hold | null> {
  const record = readRecord(dataDir);
  const keeper = record?.keeper;
  if (!record || !keeper || !isAlive(keeper.process)) return null;
  for (const engine of ['postgres', 'clickhouse'] as const) {
    if (needs[engine] && !record[engine]) {
      throw new EngineError(
        'engine_absent',
        `The engines already running on ${dataDir} were started without ${engine}. Give every process the same DATABASE_URL and CLICKHOUSE_URL.`,
        'operator',
      );
    }
  }
  const line = await takeLine(keeper.port, record.secret, as);
  if (!line) return null;
  return {
    record,
    line,
    async letGo() {
      const { last } = await line.letGo();
      starter?.stdin!.end();
      if (last) await untilGone(keeper.process);
    },
  };
}

async function untilGone(keeper: ProcessName): Promise<void> {
  while (isAlive(keeper)) await pause(20);
}

/** Starts a keeper and resolves when it is ready; null when another one has the lock. */
async function startKeeper(
  dataDir: string,
  needs: Needs,
  throwaway: boolean,
  say: (sentence: string) => void,
): Promise<ChildProcess | null> {
  const without = (Object.keys(needs) as (keyof Needs)[])
    .filter((engine) => !needs[engine])
    .flatMap((engine) => ['--without', engine]);
  const log = openSync(join(dataDir, 'logs', 'keeper.log'), 'a', 0o600);
  // Detached: Ctrl-C in a terminal goes to every process of the group, and the engines must outlast the server.
  const keeper = spawn(
    nodeOfOurs(),
    [
      fileURLToPath(new URL('keeper.ts', import.meta.url)),
      '--data',
      dataDir,
      ...without,
      ...(throwaway ? ['--throwaway'] : []),
    ],
    {
      detached: true,
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, NODE_OPTIONS: '' }, // a debugger's or a test runner's options are not for the keeper
    },
  );
  closeSync(log);
  keeper.stdin!.on('error', () => {});

  let failure: EngineError | undefined;
  const outcome = await new Promise<'ready' | 'busy' | 'ended'>((resolve) => {
    keeper.once('error', (cause) => {
      failure = new EngineError(
        'keeper_failed',
        `The keeper of the embedded engines could not be started: ${cause.message}`,
        'machine',
        cause,
      );
      resolve('ended');
    });
    keeper.once('close', () => resolve('ended'));
    createInterface({ input: keeper.stdout! }).on('line', (line) => {
      const word = JSON.parse(line) as KeeperWord;
      if (word.event === 'progress') say(word.sentence);
      else if (word.event === 'failed') failure = new EngineError(word.code, word.sentence, word.fault);
      else resolve(word.event);
    });
  });
  if (outcome === 'ended')
    throw (
      failure ??
      new EngineError(
        'keeper_failed',
        `The keeper of the embedded engines ended without a word; see ${join(dataDir, 'logs', 'keeper.log')}.`,
        'ours',
      )
    );
  letRun(keeper);
  return outcome === 'ready' ? keeper : null;
}

// Whoever opens engines may itself run on an older Node.js (a test runner started by hand); the keeper cannot.
function nodeOfOurs(): string {
  if (Number(process.versions.node.split('.', 1)[0]) >= 26) return process.execPath;
  return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
}

// Using engines is no reason for a finished tool to stay: what keeps a process alive is its own work.
function letRun(keeper: ChildProcess): void {
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as unknown as { unref?: () => void }).unref?.();
}

function prepareDirectory(path: string, throwaway: boolean): string {
  try {
    mkdirSync(join(path, 'logs'), { recursive: true });
  } catch (cause) {
    throw new EngineError(
      'data_directory',
      `The data directory ${path} cannot be written: ${(cause as Error).message}. Set PARLEY_DATA to a directory this account may write to.`,
      'operator',
      cause,
    );
  }
  if (throwaway && readdirSync(path).some((name) => name !== 'logs')) {
    throw new EngineError(
      'data_directory',
      `${path} is not empty: engines that are thrown away delete their directory.`,
      'ours',
    );
  }
  closeToOthers(path);
  return realpathSync(path);
}
