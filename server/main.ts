import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import pg from 'pg';
import { FaultyConfig, readConfig, type Config } from './config.ts';
import { createApp } from './app.ts';
import { closeToOthers } from './engines/data-directory.ts';
import { openEngines, type Engines } from './engines/engines.ts';
import { faultsOf } from './kernel/database-check.ts';
import { openDatabase } from './kernel/database.ts';
import { rebaseRestored } from './kernel/outbox-rebase.ts';
import { createLog } from './kernel/log.ts';
import { prepareDatabase } from './kernel/prepare-database.ts';
import { holdRole } from './kernel/role-lock.ts';
import {
  checkAuditDirectory,
  checkClickhouse,
  databaseFailure,
  databaseSetting,
  listenFailure,
  named,
  ownerSetting,
} from './start-failures.ts';
import { firstEvaluation, welcome } from './welcome.ts';

/*
 * The boot story: settings, engines, schema, the house, the door. Whatever fails is one sentence on the terminal and exit code 1, and
 * everything begun before it is stopped again.
 */

const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);

async function boot(): Promise<void> {
  // Keys, logs, checkpoints: what this account writes is for this account.
  process.umask(0o077);
  const config = settingsOf(process.argv.slice(2));
  const log = createLog(config.logLevel);
  if (existsSync(config.dataDir)) closeToOthers(config.dataDir);
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => (stopping.signal.aborted ? process.exit(130) : stopping.abort()));
  const engines = await openEngines({
    dataDir: config.dataDir,
    as: 'server',
    onProgress: say,
    databaseUrl: config.databaseUrl ?? undefined,
    ownerUrl: config.databaseOwnerUrl ?? undefined,
    clickhouseUrl: config.clickhouseUrl ?? undefined,
  });
  try {
    if (!stopping.signal.aborted) await serve(config, engines, log, stopping.signal);
  } finally {
    say('Stopping…');
    await engines.close();
  }
}

async function serve(
  config: Config,
  engines: Engines,
  log: ReturnType<typeof createLog>,
  signal: AbortSignal,
): Promise<void> {
  const directUrl = config.databaseDirectUrl ?? engines.databaseUrl;
  const isWeb = config.roles.includes('web');
  checkAuditDirectory(config.auditDir);
  await checkStores(config, engines, directUrl);
  const lock = isWeb ? await holdRole(directUrl, 'web', { waitMs: config.takeoverSeconds * 1_000, signal, say }) : null;
  try {
    await named(prepare(config, engines, log), databaseFailure(ownerSetting(config), engines.ownerUrl));
    const db = openDatabase(engines.databaseUrl, log, { poolSize: config.databasePool, directUrl });
    try {
      const app = createApp({ config, db, log, clickhouseUrl: engines.clickhouseUrl, mayServe: lock?.isHeld });
      try {
        const accounts = isWeb ? await firstEvaluation(app.house, config, engines) : null;
        const address = await named(app.start(), listenFailure(config));
        if (isWeb) await welcome(app.house, config, address, accounts, say);
        await untilAborted(lock ? AbortSignal.any([signal, lock.lost]) : signal);
        if (lock?.lost.aborted) throw new Error(String(lock.lost.reason));
      } finally {
        await app.stop();
      }
    } finally {
      await db.close();
    }
  } finally {
    await lock?.release();
  }
}

/** Every address once, before anything is begun, so that a wrong one is said as that. */
async function checkStores(config: Config, engines: Engines, directUrl: string): Promise<void> {
  await named(reach(engines.databaseUrl), databaseFailure(databaseSetting(config), engines.databaseUrl));
  if (directUrl !== engines.databaseUrl)
    await named(reach(directUrl), databaseFailure('DATABASE_DIRECT_URL', directUrl));
  await named(reach(engines.ownerUrl), databaseFailure(ownerSetting(config), engines.ownerUrl));
  if (engines.embedded.clickhouse) return;
  const store = openClickhouse(engines.clickhouseUrl);
  try {
    await checkClickhouse(store, engines.clickhouseUrl, 10_000);
  } finally {
    await store.close();
  }
}

async function reach(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

/**
 * Brings the database to this version and refuses one that could lose what was acknowledged. Works as the role that
 * owns the tables.
 */
async function prepare(config: Config, engines: Engines, log: ReturnType<typeof createLog>): Promise<void> {
  const owner = openDatabase(engines.ownerUrl, log, { poolSize: 2 });
  try {
    const faults = await faultsOf(owner, { unsafe: config.unsafeDatabase, encoding: config.otherEncoding });
    if (faults.length > 0) throw new Error(faults.join('\n'));
    await prepareDatabase(engines, say);
    if (await rebaseRestored(owner))
      say('The database was restored from a dump: its event log now continues after the events it holds.');
  } finally {
    await owner.close();
  }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

/** Arguments win over the environment: `main.ts web`, `main.ts worker`. */
function settingsOf(argv: string[]): Config {
  const { positionals } = parseArgs({ args: argv, allowPositionals: true });
  const env = positionals.length > 0 ? { ...process.env, PARLEY_ROLES: positionals.join(',') } : process.env;
  return readConfig(env, say);
}

process.on('unhandledRejection', (error) => {
  say(`A promise failed unheard: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
});

try {
  await boot();
} catch (error) {
  say(error instanceof FaultyConfig || error instanceof Error ? error.message : String(error));
  if (process.env['PARLEY_LOG'] === 'debug' && error instanceof Error && error.stack) say(error.stack);
  process.exitCode = 1;
}
// A connection somebody forgot must not keep a stopped server alive.
setTimeout(() => process.exit(), 2_000).unref();
