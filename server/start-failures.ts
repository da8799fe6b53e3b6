import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clickhouse } from '@parley/analytics/clickhouse.ts';
import type { Config } from './config.ts';

/*
 * A start that cannot succeed says which setting to look at and what to do, in one sentence. What is none of these
 * cases passes through as it was thrown: it says itself what it is, or it is ours.
 */

/** A failure that has been put into words for the operator. */
export class StartFailure extends Error {}

/** The system's or the database's code of an error, also where a library wrapped it. */
function codeOf(error: unknown): string {
  const { code, original, cause } = (error ?? {}) as { code?: unknown; original?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  const inner = original ?? cause;
  return inner ? codeOf(inner) : '';
}
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const failure = (sentence: string, cause: unknown) => new StartFailure(sentence, { cause });

/** Runs a step of the start; what it throws is put into words by `inWords`. */
export async function named<T>(step: Promise<T>, inWords: (error: unknown) => unknown): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw inWords(error);
  }
}

/** Why we cannot listen: the port is taken, or the address is not of this machine. */
export const listenFailure =
  ({ host, port }: Pick<Config, 'host' | 'port'>) =>
  (error: unknown): unknown => {
    switch (codeOf(error)) {
      case 'EADDRINUSE':
        return failure(
          `Port ${port} of ${host} is taken by another program: stop it, or choose another port with PARLEY_PORT.`,
          error,
        );
      case 'EACCES':
        return failure(
          `Port ${port} needs rights this account does not have: choose one above 1023 with PARLEY_PORT, and let a proxy take the other.`,
          error,
        );
      case 'EADDRNOTAVAIL':
        return failure(
          `${host} is no address of this machine: set PARLEY_HOST to one it has, 127.0.0.1 for this machine alone or 0.0.0.0 for all.`,
          error,
        );
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
      case 'EINVAL':
        return failure(
          `The host ${host} cannot be found: set PARLEY_HOST to a name or an address of this machine (an IPv6 address without brackets, such as ::1).`,
          error,
        );
      default:
        return error;
    }
  };

type Addresses = Pick<Config, 'databaseUrl' | 'databaseOwnerUrl'>;

/** The variable that names the database's address, or null for the embedded one. */
export const databaseSetting = ({ databaseUrl }: Pick<Addresses, 'databaseUrl'>): string | null =>
  databaseUrl ? 'DATABASE_URL' : null;

/** The variable that names the address of the role that owns the tables. */
export const ownerSetting = (config: Addresses): string | null =>
  config.databaseUrl && config.databaseOwnerUrl ? 'PARLEY_DATABASE_OWNER_URL' : databaseSetting(config);

/** Why the database cannot be used. `setting` is the variable that named its address, or null for the embedded one. */
export const databaseFailure =
  (setting: string | null, url: string) =>
  (error: unknown): unknown => {
    const { hostname, port, pathname, username } = new URL(url);
    const at = `${hostname}:${port || '5432'}`;
    const look =
      setting ?? 'the embedded database; its words are in logs/postgres.log of the data directory (PARLEY_DATA)';
    const code = codeOf(error);
    if (
      ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code) ||
      /timeout expired|Connection terminated/.test(messageOf(error))
    )
      return failure(`No PostgreSQL answers at ${at}: start it, or correct the address. See ${look}.`, error);
    if (['ENOTFOUND', 'EAI_AGAIN'].includes(code))
      return failure(`The host ${hostname} of the database cannot be found. Correct the address in ${look}.`, error);
    if (['28P01', '28000'].includes(code) || /password/.test(messageOf(error)))
      return failure(
        `PostgreSQL at ${at} does not let ${username || 'this account'} in (${messageOf(error)}). Correct the name and password in ${look}.`,
        error,
      );
    if (code === '3D000')
      return failure(
        `PostgreSQL at ${at} has no database ${decodeURIComponent(pathname.slice(1))}. Create it (docs/operating.md tells how), or correct ${look}.`,
        error,
      );
    if (code === '53300')
      return failure(
        `PostgreSQL at ${at} has no connection left: raise max_connections, or lower PARLEY_DATABASE_POOL. See ${look}.`,
        error,
      );
    if (code === '42501')
      return failure(
        `The role ${username} of ${look} lacks a right (${messageOf(error)}). docs/operating.md tells which rights it needs.`,
        error,
      );
    return error;
  };

/**
 * Makes the directory of the checkpoints, if another than the data directory was named for them, and sees that it can
 * be written.
 */
export function checkAuditDirectory(directory: string | null): void {
  if (directory === null) return;
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const isFile = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === false;
    throw failure(
      `The audit log's checkpoints cannot be written to ${directory}: ${isFile ? 'it is a file' : messageOf(error)}. Set PARLEY_AUDIT_DIR to a directory this account may write to.`,
      error,
    );
  }
}

/**
 * Asks a ClickHouse of the operator's own until it answers, for at most `waitMs`; a wrong password is refused at once.
 */
export async function checkClickhouse(store: Pick<Clickhouse, 'query'>, url: string, waitMs: number): Promise<void> {
  const { hostname, host } = new URL(url);
  for (const until = Date.now() + waitMs; ; await pause(500)) {
    try {
      await store.query('select 1 as one');
      return;
    } catch (error) {
      const said = messageOf(error);
      if (/AUTHENTICATION_FAILED|REQUIRED_PASSWORD|\b(194|516)\b/.test(`${codeOf(error)} ${said}`))
        throw failure(`ClickHouse at ${host} refuses the name or the password. Correct them in CLICKHOUSE_URL.`, error);
      if (/UNKNOWN_DATABASE|\b81\b/.test(`${codeOf(error)} ${said}`))
        throw failure(`ClickHouse at ${host} has no such database. Create it, or correct CLICKHOUSE_URL.`, error);
      if (codeOf(error) === 'ENOTFOUND' || codeOf(error) === 'EAI_AGAIN')
        throw failure(`The host ${hostname} of ClickHouse cannot be found. Correct CLICKHOUSE_URL.`, error);
      if (Date.now() > until)
        throw failure(
          `No ClickHouse answers at ${host} (${said.split('\n', 1)[0]!.slice(0, 200)}). Start it, or correct CLICKHOUSE_URL.`,
          error,
        );
    }
  }
}
