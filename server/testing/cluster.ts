/**
 * What a run of tests stands on, started once before the first test: one embedded PostgreSQL cluster and one ClickHouse
 * child in a temporary directory, and a migrated database as the template of all others. The keeper deletes the
 * directory when it stops, so that even a killed run leaves nothing behind.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openEngines } from '../engines/engines.ts';
import type { Engines } from '../engines/engines.ts';
import { migrateJobs } from '../kernel/jobs.ts';
import { migrate } from '../kernel/migrate.ts';

export const TEMPLATE = 'parley_template';

export type TestCluster = { databaseUrl: string; clickhouseUrl: string; ownDirectory: string };

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: TestCluster;
  }
}

/** Projects of one run share a cluster: each calls this, the first call starts it and the last teardown stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = ((globalThis as unknown as { parleyCluster?: Shared }).parleyCluster ??= {
    users: 0,
    started: start(),
  });
  shared.users++;
  const { cluster, engines } = await shared.started;
  project.provide('cluster', cluster);
  return async () => {
    if (--shared.users === 0) await engines.close();
  };
}

type Started = { cluster: TestCluster; engines: Engines };
type Shared = { users: number; started: Promise<Started> };

async function start(): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'parley-test-'));
  const engines = await openEngines({ dataDir: home, throwaway: true }).catch((error: unknown) => {
    rmSync(home, { recursive: true, force: true });
    throw error;
  });
  await makeTemplate(engines.ownerUrl).catch(async (error: unknown) => {
    await engines.close();
    throw error;
  });
  const ownDirectory = join(home, 'own');
  mkdirSync(ownDirectory, { mode: 0o711 });
  return { cluster: { databaseUrl: engines.ownerUrl, clickhouseUrl: engines.clickhouseUrl, ownDirectory }, engines };
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${TEMPLATE}`;
  await migrate(url.href);
  await migrateJobs(url.href);
  // A template with somebody connected cannot be copied; closed, nobody can be.
  await admin.query(`alter database ${TEMPLATE} is_template true allow_connections false`);
  await admin.end();
}
