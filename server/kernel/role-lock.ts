import { hostname } from 'node:os';
import pg from 'pg';
import { pause } from './lifecycle.ts';

/*
 * One web process serves a database. Live events, ended sessions and limits are known inside one process only: a second
 * one would deliver half of what happens, and would go on believing a device that was ended at the first. So a web
 * process holds a session-level advisory lock on a connection of its own for as long as it serves, and a second one is
 * refused.
 *
 * 1. At the start it waits a bounded time for the process before it: a rolling restart overlaps for some seconds.
 * 2. The lock goes with the connection, so a killed process leaves nothing behind. The server drops a silent connection
 *    after half a minute.
 * 3. A lost connection (a restart of PostgreSQL) is made again at once. If another process took the lock meanwhile,
 *    this one stops serving.
 */

/** Refused because another process already serves. */
export class RoleTaken extends Error {}

export type RoleLock = {
  /** False between the loss of the connection and the next hold. */
  isHeld(): boolean;
  /** Aborts when another process took the lock; `reason` is the sentence. */
  lost: AbortSignal;
  release(): Promise<void>;
};

export type RoleLockOptions = {
  waitMs: number;
  signal: AbortSignal;
  say(sentence: string): void;
  /** How often the connection is asked whether it still lives. */
  heartbeatMs?: number;
};

/** Takes the role's lock, or throws {@link RoleTaken} when another process holds it for longer than `waitMs`. */
export async function holdRole(
  url: string,
  role: string,
  { waitMs, signal, say, heartbeatMs = 5_000 }: RoleLockOptions,
): Promise<RoleLock> {
  const stop = new AbortController();
  const lost = new AbortController();
  let client = await connect(url, role);
  let held = false;
  try {
    await refusePooler(url, client);
    const until = Date.now() + waitMs;
    for (let told = false; !(held = await tryLock(client, role)); told = true) {
      const holder = await holderOf(client, role);
      if (signal.aborted || Date.now() >= until) throw new RoleTaken(takenSentence(role, holder));
      if (!told) say(`Waiting up to ${waitMs / 1_000} s for another ${role} process to leave the database (${holder})`);
      await pause(250, signal);
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }

  const keep = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await pause(heartbeatMs, AbortSignal.any([stop.signal, endOf(client)]));
      if (stop.signal.aborted) return;
      if (await isAlive(client)) continue;
      held = false;
      say(`The connection that holds the ${role} lock was lost; taking the lock again`);
      void client.end().catch(() => undefined);
      const next = await connectAgain(url, role, stop.signal);
      if (!next) return;
      client = next;
      if (!(await tryLockUntil(client, role, 3_000, stop.signal))) {
        if (stop.signal.aborted) return;
        const holder = await holderOf(client, role).catch(() => 'unknown');
        return lost.abort(`Another ${role} process took over this database (${holder}): this one stops serving.`);
      }
      held = true;
      say(`The ${role} lock is held again`);
    }
  };
  const keeping = keep().catch((error: unknown) =>
    lost.abort(`The ${role} lock could not be kept (${(error as Error).message}): this process stops serving.`),
  );
  return {
    isHeld: () => held,
    lost: lost.signal,
    async release() {
      stop.abort();
      await keeping;
      await client.end().catch(() => undefined);
    },
  };
}

const ends = new WeakMap<pg.Client, AbortSignal>();
const endOf = (client: pg.Client): AbortSignal => ends.get(client)!;

async function connect(url: string, role: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `parley ${role} ${process.pid} on ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  const ended = new AbortController();
  ends.set(client, ended.signal);
  client.on('error', () => ended.abort());
  client.on('end', () => ended.abort());
  await client.connect();
  try {
    // Of a machine that lost its power the server hears nothing: without these it would keep the lock for two hours.
    await client.query(
      'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4; set idle_session_timeout = 0',
    );
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function connectAgain(url: string, role: string, signal: AbortSignal): Promise<pg.Client | null> {
  for (let waitMs = 50; !signal.aborted; waitMs = Math.min(waitMs * 2, 1_000)) {
    const client = await connect(url, role).catch(() => null);
    if (client) return client;
    await pause(waitMs, signal);
  }
  return null;
}

const isAlive = (client: pg.Client): Promise<boolean> =>
  endOf(client).aborted
    ? Promise.resolve(false)
    : client.query('select 1').then(
        () => true,
        () => false,
      );

async function tryLock(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('parley role'), hashtext($1)) as locked`,
    [role],
  );
  return rows[0]!.locked;
}

/** Our own former session may hold the lock for a moment longer than we hold its connection. */
async function tryLockUntil(client: pg.Client, role: string, ms: number, signal: AbortSignal): Promise<boolean> {
  for (const until = Date.now() + ms; ; await pause(100, signal)) {
    if (await tryLock(client, role)) return true;
    if (signal.aborted || Date.now() > until) return false;
  }
}

async function holderOf(client: pg.Client, role: string): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `select concat_ws(', ', nullif(a.application_name, ''), 'since ' || to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')) as holder
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
       and l.classid = (hashtext('parley role')::bigint & 4294967295)::oid and l.objid = (hashtext($1)::bigint & 4294967295)::oid`,
    [role],
  );
  return rows[0]?.holder ?? 'unknown';
}

const takenSentence = (role: string, holder: string) =>
  `Another Parley ${role} process already serves this database (${holder}). One ${role} process serves an installation: stop that one first, or give this one a database of its own with DATABASE_URL.`;

/**
 * A pooler in transaction mode lends a server connection for one transaction: a session lock would stay with a
 * connection that others use next. Two connections at once cannot share a backend, and one connection cannot change its
 * own, unless a pooler stands in between.
 */
async function refusePooler(url: string, client: pg.Client): Promise<void> {
  const backendOf = async (one: pg.Client) =>
    (await one.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
  const other = await connect(url, 'probe');
  try {
    const mine = await backendOf(client);
    await other.query('begin');
    const theirs = await backendOf(other);
    const after = await backendOf(client);
    if (mine === theirs || mine !== after) throw new Error(poolerSentence);
  } finally {
    await other.end().catch(() => undefined);
  }
}

const poolerSentence =
  'The database is reached through a pooler in transaction mode, where session locks and notifications do not work: set DATABASE_DIRECT_URL to the address of PostgreSQL itself.';
