import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stranger, system, type Actor } from '../kernel/actor.ts';
import { createBroadcast } from '../kernel/broadcast.ts';
import { openDatabase, type Database } from '../kernel/database.ts';
import { Events } from '../kernel/events.ts';
import { newId } from '../kernel/ids.ts';
import { pause } from '../kernel/lifecycle.ts';
import { createLog } from '../kernel/log.ts';
import { OutboxBell } from '../kernel/outbox.ts';
import { Parts } from '../kernel/parts.ts';
import { refusals } from '../kernel/refusals.ts';
import { inWork, type House } from '../kernel/work.ts';
import { freshDatabase } from '../testing/database.ts';
import { exportLines, type ExportRange } from './export.ts';
import { auditPlace, type AuditPlace } from './keys.ts';
import { readings } from './readings.ts';
import { sealer, type SealerOptions } from './sealer.ts';

/** A house with a real database and a place for keys, and nothing around it. */
export type AuditHouse = {
  house: House;
  db: Database;
  place: AuditPlace;
  logged: string[];
  /** Starts a sealer; the returned function stops it and waits until it has let go. */
  seal(options?: SealerOptions, place?: AuditPlace): () => Promise<void>;
  /**
   * Seals and signs every entry there is, and lets go. A sealer asked to stop leaves what it cannot see yet, and any transaction of the
   * cluster hides what is younger than itself, also one of another test's database: so this waits until nothing is unsealed before it asks.
   */
  sealAll(options?: SealerOptions): Promise<void>;
  /** Resolves when nothing is unsealed. */
  untilSealed(): Promise<void>;
  /** The lines of an export, without their ends. */
  exported(range?: ExportRange): Promise<string[]>;
  /** SQL as the worst of superusers would write it: with triggers off. */
  asSuperuser(...statements: string[]): Promise<void>;
  close(): Promise<void>;
};

export async function openAuditHouse(): Promise<AuditHouse> {
  const fresh = await freshDatabase();
  const directory = mkdtempSync(path.join(tmpdir(), 'parley-audit-'));
  const place = { keys: path.join(directory, 'keys'), outside: path.join(directory, 'outside') };
  const logged: string[] = [];
  const log = createLog('info', { write: (line: string) => void logged.push(line) });
  const db = openDatabase(fresh.url, log, { poolSize: 12 });
  const house: House = {
    db,
    log,
    events: new Events(log),
    broadcast: createBroadcast(log),
    parts: new Parts(),
    bell: new OutboxBell(),
  };
  house.parts.install(auditPlace, place);
  house.parts.install(readings, new Map());
  house.parts.install(refusals, new Map());
  const stops = new Set<() => Promise<void>>();
  const audit: AuditHouse = {
    house,
    db,
    place,
    logged,
    seal(options, where = place) {
      const stop = new AbortController();
      const done = sealer(house, where, options).run(stop.signal);
      done.catch(() => undefined);
      const end = async () => {
        stops.delete(end);
        stop.abort();
        await done;
      };
      stops.add(end);
      return end;
    },
    async sealAll(options) {
      const end = audit.seal(options);
      await audit.untilSealed();
      await end();
    },
    async untilSealed() {
      const end = Date.now() + 60_000;
      for (;;) {
        const [row] = await db.rows<{ unsealed: number }>(
          'select count(*) as unsealed from audit_entries where position is null',
        );
        if (row!.unsealed === 0) return;
        if (Date.now() > end)
          throw new Error(`${row!.unsealed} entries are still unsealed; the log says: ${logged.slice(-3).join('')}`);
        await pause(20);
      }
    },
    async exported(range = {}) {
      const lines: string[] = [];
      for await (const line of exportLines(house, range)) lines.push(line.slice(0, -1));
      return lines;
    },
    async asSuperuser(...statements) {
      const client = await db.client('superuser');
      try {
        await client.query('begin');
        await client.query(`set local session_replication_role = 'replica'`);
        for (const statement of statements) await client.query(statement);
        await client.query('commit');
      } finally {
        await client.end();
      }
    },
    async close() {
      await Promise.allSettled([...stops].map((stop) => stop()));
      await db.close();
      await fresh.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return audit;
}

export const person = (name: string, ...permissions: string[]): Actor => ({
  ...stranger,
  kind: 'person',
  id: newId(),
  name,
  permissions: new Set(permissions),
});

/** `count` entries of many shapes, written in one go. */
export async function writeEntries(db: Database, count: number): Promise<void> {
  await db.rows(
    `insert into audit_entries (actor_id, actor_name, action, outcome, target_kind, target_id, target_name, before, after, reason, count, door, address, request_id, preview_token)
     select case when n % 7 > 0 then gen_random_uuid() end, (array['Ada', 'Бен', '陈晓', E'O\\'Neil "the" \\\\ \\u0007', 'Zoë 👩‍💻'])[1 + n % 5],
       (array['users.suspended', 'users.edited', 'departments.moved', 'audit.read'])[1 + n % 4], case when n % 11 = 0 then 'refused' else 'done' end,
       case when n % 3 > 0 then 'user' end, case when n % 3 > 0 then 'u' || n end, case when n % 3 = 1 then 'Person ' || n end,
       case when n % 4 = 0 then jsonb_build_object('name', 'old ' || n, 'n', n, 'list', jsonb_build_array(1.50, null, true, 'x')) end,
       case when n % 4 < 2 then jsonb_build_object('z', n, 'aa', 12345678901234567890.123456789, '10', 1, '9', 2, '__proto__', jsonb_build_object('é', '"q"')) end,
       case when n % 5 = 0 then E'because\\nof ' || n end, 1 + n % 3, (array['socket', 'rest', 'graphql'])[1 + n % 3], '10.0.0.' || n % 250, gen_random_uuid()::text,
       case when n % 6 = 0 then 'preview-' || n end
     from generate_series(1, $1::int) n`,
    [count],
  );
}

/** One act of the house that leaves one entry behind. */
export const actOnce = (house: House, action: string, hold?: () => Promise<void>): Promise<void> =>
  inWork(house, system('a test'), async (work) => {
    work.audit({ action });
    // The entry is written at the end of an act; a transaction id is taken here, so that this act is older than those after it.
    await work.sql('select pg_current_xact_id()');
    await hold?.();
  });

const verifierFile = fileURLToPath(new URL('../../scripts/verify-audit.mjs', import.meta.url));

export type Finding = {
  what: string;
  position: number | null;
  id: number | null;
  sentence: string;
  checkpoint?: number;
};
export type Report = {
  /** Nothing is wrong and everything is proven. */
  ok: boolean;
  verdict: 'ok' | 'not proven' | 'not ok';
  /** What keeps a log in which nothing is wrong from being proven. */
  unproven: string[];
  first: Finding | null;
  findings: Finding[];
  entries: number;
  signed: number;
  unsigned: number;
  checkpoints: number;
  unsealed: number;
  keys: string[];
};
type TrustedKey = { id: string };
export type VerifierOptions = {
  trusted: TrustedKey[];
  outside?: string[];
  from?: number;
  to?: number;
  lost?: { from: number; to: number }[];
};
export type Verifier = {
  readPublicKey(text: string): TrustedKey;
  createVerifier(options: VerifierOptions): { take(line: string | Buffer): boolean; finish(): Report };
  verifyProof(text: string, options: VerifierOptions): { ok: boolean; first: Finding | null };
};

/** The verifier's own functions: a script without types, by design. */
export const loadVerifier = async (): Promise<Verifier> => (await import(verifierFile)) as Verifier;

export function verifyLines(verifier: Verifier, lines: Iterable<string | Buffer>, options: VerifierOptions): Report {
  const run = verifier.createVerifier(options);
  for (const line of lines) if (!run.take(line)) break;
  return run.finish();
}

/** Runs the verifier as people do. */
export const runVerifier = (...words: string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [verifierFile, ...words], (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, said: out + err }),
    );
  });

/** The public keys of a place, oldest first not promised. */
export const publicKeyFiles = (place: AuditPlace): string[] =>
  readdirSync(place.keys)
    .filter((name) => name.endsWith('.public.pem'))
    .map((name) => path.join(place.keys, name));
