/**
 * Brings a database to this version: runs the numbered files of server/migrations in order, each in a transaction of
 * its own together with its line in the ledger `schema_migrations`, so that a file has happened wholly or not at all.
 *
 * An advisory lock makes processes that start together take turns. A file that was altered after it ran is refused:
 * installations would differ without anybody knowing. Files the ledger knows and we do not are left alone; they are
 * of a newer version, which keeps the schema usable for the one before it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { Umzug } from 'umzug';
import { errandPool } from './pool.ts';

const DIRECTORY = fileURLToPath(new URL('../migrations/', import.meta.url));
/** Any fixed number will do; it only has to be the same in every process. */
const LOCK = 7_275_396_611;

type File = { name: string; sql: string; checksum: string };

/**
 * Runs what is missing and returns the names of the files that were run. `where` is an address or a pool; `directory`
 * is another place for the files (tests). Throws what PostgreSQL said, with the file's name and line in front.
 */
export async function migrate(
  where: string | pg.Pool,
  onProgress: (sentence: string) => void = () => {},
  directory = DIRECTORY,
): Promise<string[]> {
  const pool = typeof where === 'string' ? errandPool(where, 1) : where;
  try {
    const client = await pool.connect();
    try {
      // One connection for all: the lock belongs to it, and goes with it if we are killed.
      await client.query('select pg_advisory_lock($1)', [LOCK]);
      return await runPending(client, directory, onProgress);
    } finally {
      await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => {});
      client.release();
    }
  } finally {
    if (typeof where === 'string') await pool.end();
  }
}

async function runPending(
  client: pg.PoolClient,
  directory: string,
  onProgress: (sentence: string) => void,
): Promise<string[]> {
  await client.query(`create table if not exists schema_migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  const files = readFiles(directory);
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations order by name',
  );
  refuseAltered(files, rows);

  const umzug = new Umzug({
    context: client,
    logger: undefined,
    migrations: files.map((file) => ({
      name: file.name,
      up: async () => {
        onProgress(`Database: ${file.name}`);
        await runFile(client, file);
      },
    })),
    storage: {
      executed: async () => rows.map((row) => row.name),
      logMigration: async () => {}, // written by runFile, in the file's own transaction
      unlogMigration: async () => {},
    },
  });
  const done = await umzug.up().catch((error: Error) => {
    throw error.cause instanceof Error ? error.cause : error; // umzug's wrapping says less than we do
  });
  return done.map((migration) => migration.name);
}

async function runFile(client: pg.PoolClient, file: File): Promise<void> {
  await client.query('begin');
  try {
    await client.query(file.sql);
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [file.name, file.checksum]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    const position = Number((cause as { position?: string }).position);
    const line = position ? `:${file.sql.slice(0, position).split('\n').length}` : '';
    throw new Error(`${file.name}${line}: ${(cause as Error).message}`, { cause });
  }
}

function readFiles(directory: string): File[] {
  const names = readdirSync(directory)
    .filter((name) => /^\d{4}_[\w-]+\.sql$/.test(name))
    .sort();
  names.forEach((name, index) => {
    const before = names[index - 1];
    if (before?.slice(0, 4) === name.slice(0, 4))
      throw new Error(`Two migrations have the same number: ${before} and ${name}`);
  });
  return names.map((name) => {
    const sql = readFileSync(join(directory, name), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex') };
  });
}

function refuseAltered(files: File[], ledger: { name: string; checksum: string }[]): void {
  const known = new Map(ledger.map((row) => [row.name, row.checksum]));
  const altered = files.filter((file) => known.has(file.name) && known.get(file.name) !== file.checksum);
  if (altered.length === 0) return;
  const names = altered.map((file) => file.name).join(', ');
  throw new Error(
    `Altered after it ran on this database: ${names}. Restore the file and put the change into a new migration (a database for trial only may be dropped instead).`,
  );
}
