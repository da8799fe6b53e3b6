/** Databases for tests: a fresh one for every file, and a whole cluster of its own for tests that kill engines. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { openEngines } from '../engines/engines.ts';
import { isAlive, pause, sendSignal } from '../engines/process.ts';
import type { ProcessName } from '../engines/process.ts';
import { readRecord } from '../engines/record.ts';
import { migrateJobs } from '../kernel/jobs.ts';
import { migrate } from '../kernel/migrate.ts';
import { TEMPLATE } from './cluster.ts';

export type FreshDatabase = {
  /** A migrated, empty PostgreSQL database of one's own. */
  url: string;
  /** An empty ClickHouse database of one's own. */
  clickhouseUrl: string;
  /** Removes both, and whoever is still connected. Optional: they go with the run's cluster anyway. */
  drop(): Promise<void>;
};

/** Copies the template; takes some tens of milliseconds. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const { databaseUrl, clickhouseUrl } = inject('cluster');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await ask(databaseUrl, `create database ${name} template ${TEMPLATE}`);
  await askClickhouse(clickhouseUrl, `create database ${name}`);
  return {
    url: withDatabase(databaseUrl, name),
    clickhouseUrl: withDatabase(clickhouseUrl, name),
    async drop() {
      await ask(databaseUrl, `drop database if exists ${name} with (force)`);
      await askClickhouse(clickhouseUrl, `drop database if exists ${name} sync`);
    },
  };
}

export type OwnCluster = {
  /** The migrated database of this cluster. Stays the same through everything below. */
  url: string;
  clickhouseUrl: string;
  dataDir: string;
  /** Kills PostgreSQL's first process outright, as a crash would. Resolves when it is dead; the keeper starts it again. */
  killPostgres(): Promise<void>;
  /** Resolves when PostgreSQL takes connections again. */
  untilPostgresAnswers(): Promise<void>;
  killClickhouse(): Promise<void>;
  untilClickhouseAnswers(): Promise<void>;
  /** Stops both engines cleanly and starts them again on the same data. */
  restart(): Promise<void>;
  /** Stops both engines and deletes the data. */
  stop(): Promise<void>;
};

/** Starts a cluster for one test file alone, with full durability. For files named *.alone.test.ts. */
export async function ownCluster(): Promise<OwnCluster> {
  const dataDir = join(inject('cluster').ownDirectory, randomBytes(6).toString('hex'));
  let engines = await openEngines({ dataDir });
  const { ownerUrl: url, clickhouseUrl } = engines;
  await migrate(url);
  await migrateJobs(url);

  const kill = async (engine: 'postgres' | 'clickhouse') => {
    const victim = readRecord(dataDir)?.[engine]?.process as ProcessName;
    sendSignal(victim.pid, 'SIGKILL');
    while (isAlive(victim)) await pause(5);
  };
  return {
    url,
    clickhouseUrl,
    dataDir,
    killPostgres: () => kill('postgres'),
    untilPostgresAnswers: () => untilAnswered(() => ask(url, 'select 1')),
    killClickhouse: () => kill('clickhouse'),
    untilClickhouseAnswers: () => untilAnswered(() => askClickhouse(clickhouseUrl, 'select 1')),
    async restart() {
      await engines.close();
      engines = await openEngines({ dataDir });
    },
    async stop() {
      await engines.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilAnswered(attempt: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await pause(50);
    }
  }
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function askClickhouse(address: string, sql: string): Promise<void> {
  const url = new URL(address);
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  const answer = await fetch(`${url.origin}/`, { method: 'POST', body: sql, headers: { authorization } });
  if (!answer.ok) throw new Error(await answer.text());
}

function withDatabase(address: string, name: string): string {
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}
