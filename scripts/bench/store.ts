import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { openEngines } from '../../server/kernel/engines.ts';
import { readRecord } from '../../server/kernel/engines-record.ts';
import { migrate } from '../../server/kernel/migrate.ts';

/** An embedded PostgreSQL of the benchmark's own, with its defaults: everything acknowledged has been flushed. */
export type Store = {
  /** Makes the database others are copied from, migrated and filled by `fill`. */
  prepare(fill: (url: string) => Promise<void>): Promise<void>;
  /** Runs on a fresh copy of what was prepared, and removes it again. */
  onCopy<T>(run: (url: string) => Promise<T>): Promise<T>;
  /** Seconds of CPU PostgreSQL has used so far; null where the system does not tell (/proc). */
  cpu(): Promise<number | null>;
  close(): Promise<void>;
};

export async function openStore(): Promise<Store> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'parley-bench-'));
  // ClickHouse plays no part here: an address keeps it from being started.
  const engines = await openEngines({ dataDir, clickhouseUrl: 'http://127.0.0.1:1' });
  const admin = new pg.Client({ connectionString: engines.databaseUrl });
  await admin.connect();
  const urlOf = (name: string) => Object.assign(new URL(engines.databaseUrl), { pathname: `/${name}` }).href;
  let copies = 0;
  return {
    async prepare(fill) {
      await admin.query('create database original');
      await migrate(urlOf('original'));
      await fill(urlOf('original'));
    },
    async onCopy(run) {
      const name = `copy_${++copies}`;
      await admin.query(`create database ${name} template original`);
      // Each way begins with the same debt to the disk: none.
      await admin.query('checkpoint');
      try {
        return await run(urlOf(name));
      } finally {
        await admin.query(`drop database ${name} with (force)`);
      }
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
