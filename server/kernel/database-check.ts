import type { Database } from './database.ts';

/** What a database must be for acknowledged messages to be safe and every script to be storable. Returns the reasons to refuse it, as sentences. */
export async function faultsOf(db: Database, accept: { unsafe: boolean; encoding: boolean }): Promise<string[]> {
  const [facts] = await db.rows<{ encoding: string; fsync: string; commit: string; version: number; ctype: string }>(
    `select pg_encoding_to_char(d.encoding) as encoding, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
       current_setting('server_version_num')::int as version, d.datctype as ctype from pg_database d where d.datname = current_database()`,
  );
  const { encoding, fsync, commit, version, ctype } = facts!;
  const faults: string[] = [];
  if (version < 150_000)
    faults.push(`The database is PostgreSQL ${Math.floor(version / 10_000)}; Parley needs 15 or newer.`);
  if (!accept.encoding && encoding !== 'UTF8')
    faults.push(
      `The database's encoding is ${encoding}, not UTF8: create it with --encoding=UTF8 (or set PARLEY_ACCEPT_ENCODING=true and lose other scripts).`,
    );
  if (!accept.encoding && ctype === 'C')
    faults.push(
      'The database’s LC_CTYPE is C, under which letters beyond ASCII are no letters: create it with --locale=C.UTF-8 (or set PARLEY_ACCEPT_ENCODING=true).',
    );
  if (!accept.unsafe && fsync === 'off')
    faults.push(
      'The database runs with fsync off: a crash would lose acknowledged messages. Turn it on (or set PARLEY_ACCEPT_UNSAFE_DATABASE=true).',
    );
  if (!accept.unsafe && commit === 'off')
    faults.push(
      'The database runs with synchronous_commit off: a crash would lose acknowledged messages. Turn it on (or set PARLEY_ACCEPT_UNSAFE_DATABASE=true).',
    );
  return faults;
}
