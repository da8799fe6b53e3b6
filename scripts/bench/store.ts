import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrateClickhouse, openClickhouse } from '@parley/analytics/clickhouse.ts';
import { openEngines } from '../../server/engines/engines.ts';
import { readRecord } from '../../server/engines/record.ts';
import { migrate } from '../../server/kernel/migrate.ts';

/** Embedded engines of the benchmark's own, with their defaults: everything PostgreSQL acknowledged has been flushed. */
export type Store = {
  /** Makes a database others are copied from, migrated and filled by `fill`; with a name where there are several. */
  prepare(fill: (url: string) => Promise<void>, name?: string): Promise<void>;
  /** Runs on a fresh copy of what was prepared, and removes it again. */
  onCopy<T>(run: (url: string) => Promise<T>, name?: string): Promise<T>;
  /** Runs on a fresh, migrated database of ClickHouse, and removes it again. Only with `clickhouse: true`. */
  onClickhouse<T>(run: (url: string) => Promise<T>): Promise<T>;
  /** Seconds of CPU PostgreSQL has used so far; null where the system does not tell (/proc). */
  cpu(): Promise<number | null>;
  /** The same of ClickHouse's child. */
  clickhouseCpu(): Promise<number | null>;
  close(): Promise<void>;
};

/** Opens PostgreSQL, and ClickHouse where it is wanted. */
export async function openStore({ clickhouse = false }: { clickhouse?: boolean } = {}): Promise<Store> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'parley-bench-'));
  // An address keeps an engine from being started.
  const engines = await openEngines({ dataDir, clickhouseUrl: clickhouse ? undefined : 'http://127.0.0.1:1' });
  const admin = new pg.Client({ connectionString: engines.ownerUrl });
  await admin.connect();
  const at = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const urlOf = (name: string) => at(engines.ownerUrl, name);
  let copies = 0;
  return {
    async prepare(fill, original = 'original') {
      await admin.query(`create database ${original}`);
      await migrate(urlOf(original));
      await fill(urlOf(original));
    },
    async onCopy(run, original = 'original') {
      const name = `copy_${++copies}`;
      await admin.query(`create database ${name} template ${original}`);
      // Each way begins with the same debt to the disk: none.
      await admin.query('checkpoint');
      try {
        return await run(urlOf(name));
      } finally {
        await admin.query(`drop database ${name} with (force)`);
      }
    },
    async onClickhouse(run) {
      const name = `analytics_${++copies}`;
      const outside = openClickhouse(engines.clickhouseUrl);
      await outside.command(`create database ${name}`);
      const inside = openClickhouse(at(engines.clickhouseUrl, name));
      await migrateClickhouse(inside);
      await inside.close();
      try {
        return await run(at(engines.clickhouseUrl, name));
      } finally {
        await outside.command(`drop database ${name} sync`);
        await outside.close();
      }
    },
    async clickhouseCpu() {
      return cpuOfFamily(readRecord(dataDir)?.clickhouse?.process?.pid);
    },
    async cpu() {
      // A connection's process that is just ending is counted neither among the living nor among the ended.
      await new Promise((resolve) => setTimeout(resolve, 250));
      return cpuOfFamily(readRecord(dataDir)?.postgres?.process?.pid);
    },
    async close() {
      await admin.end();
      await engines.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** CPU seconds of a process, its children, and those of its children that have ended. */
function cpuOfFamily(parent: number | undefined): number | null {
  if (parent === undefined || process.platform !== 'linux') return null;
  const ticks = 100;
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The name of the command may hold blanks; the fields after it do not.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ').map(Number);
      const [ppid, user, system, endedUser, endedSystem] = [
        fields[1]!,
        fields[11]!,
        fields[12]!,
        fields[13]!,
        fields[14]!,
      ];
      if (Number(pid) === parent) sum += user + system + endedUser + endedSystem;
      else if (ppid === parent) sum += user + system;
    } catch {
      // It ended while we looked.
    }
  }
  return sum / ticks;
}
