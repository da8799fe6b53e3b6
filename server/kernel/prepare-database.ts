import type pg from 'pg';
import { migrateJobs } from './jobs.ts';
import { migrate } from './migrate.ts';
import { errandPool } from './pool.ts';

/*
 * A database is brought to this version by the role that owns its tables. Where the application works as another role,
 * that role gets what it needs and no more: it reads and writes rows, but changes no table, and of the audit log it can
 * only add lines and seal them. Triggers alone would not hold it: the owner of a table can switch them off.
 */

/**
 * One fixed number in every process: grants of two processes at once would refuse each other ("tuple concurrently
 * updated").
 */
const grantsLock = 7_275_396_612;

export type DatabaseAddresses = { databaseUrl: string; ownerUrl: string };

/**
 * Runs migrations as the owner and gives the application's role its rights. Safe to run at every start and by several
 * processes at once.
 */
export async function prepareDatabase(
  { databaseUrl, ownerUrl }: DatabaseAddresses,
  onProgress: (sentence: string) => void = () => {},
): Promise<void> {
  await migrate(ownerUrl, onProgress);
  await migrateJobs(ownerUrl);
  if (databaseUrl === ownerUrl) return;
  const application = await identify(databaseUrl);
  const owner = await identify(ownerUrl);
  if (application.server !== owner.server)
    throw new Error(
      'PARLEY_DATABASE_OWNER_URL and DATABASE_URL name different databases: they must name the same one.',
    );
  if (application.role !== owner.role) await grantRights(ownerUrl, application.role);
}

async function identify(url: string): Promise<{ role: string; server: string }> {
  const pool = errandPool(url, 1);
  try {
    const { rows } = await pool.query<{ role: string; server: string }>(
      `select current_user as role, concat_ws(' ', current_database(), (select oid from pg_database where datname = current_database()), pg_postmaster_start_time()) as server`,
    );
    return rows[0]!;
  } finally {
    await pool.end();
  }
}

async function grantRights(ownerUrl: string, role: string): Promise<void> {
  const pool = errandPool(ownerUrl, 1);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [grantsLock]);
    await client.query(rightsFor(client.escapeIdentifier(role), await versionOf(client)));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`The role ${role} could not be given its rights: ${(error as Error).message}`, { cause: error });
  } finally {
    client.release();
    await pool.end();
  }
}

async function versionOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return rows[0]!.version;
}

/**
 * What the application needs, as SQL. `role` is quoted already. Policies: the job queue's tables show rows to their
 * owner alone otherwise.
 */
function rightsFor(role: string, version: number): string {
  return `
    grant usage on schema public, graphile_worker to ${role};
    grant select, insert, update, delete on all tables in schema public, graphile_worker to ${role};
    grant usage, select, update on all sequences in schema public, graphile_worker to ${role};
    ${version >= 170_000 ? `grant maintain on all tables in schema public to ${role};` : ''}
    revoke all on audit_entries, audit_statements, schema_migrations from ${role};
    grant select on schema_migrations to ${role};
    grant select, insert on audit_entries, audit_statements to ${role};
    grant update (position, hash) on audit_entries to ${role};
    do $$
    declare one record;
    begin
      for one in
        select c.oid::regclass as name from pg_class c
        where c.relnamespace = 'graphile_worker'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'parley_application')
      loop
        execute format('create policy parley_application on %s using (true) with check (true)', one.name);
      end loop;
    end $$;`;
}
