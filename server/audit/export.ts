import { createHash } from 'node:crypto';
import { now } from '../kernel/clock.ts';
import { conflict, malformed } from '../kernel/errors.ts';
import type { House, Work } from '../kernel/work.ts';
import { canonicalEntry, canonicalJson, entryColumns, type StoredEntry } from './canonical.ts';
import { noHash } from './merkle.ts';
import { publicKeysIn, readLine, sqlOf, type Line, type Sql } from './statements.ts';

/** Positions, both included. Left out: from the first, to the last sealed. */
export type ExportRange = { from?: number; to?: number };

/** A range by positions; or by the times at which entries were written, `until` not among them. */
export type ExportAsked = ExportRange & { since?: Date; until?: Date };

export type AuditExport = {
  fileName: string;
  /** The file's lines, each with its end of line, on a connection of their own: to be read after the act, once. */
  lines(): AsyncGenerator<string>;
};

const PAGE = 1_000;

/**
 * An export of the audit log that `scripts/verify-audit.mjs` can check offline (docs/audit.md describes the file). The range is widened to
 * whole checkpoints, since only a whole batch can be proven. The export is audited with the act, before its first byte leaves.
 * Needs `audit.read`; refuses as `malformed` what is no range.
 */
export async function exportAudit(
  work: Work,
  range: ExportRange = {},
  { reason = null }: { reason?: string | null } = {},
): Promise<AuditExport> {
  work.require('audit.read');
  const { from, to } = range;
  for (const bound of [from, to])
    if (bound !== undefined && (!Number.isSafeInteger(bound) || bound < 1))
      throw malformed('A position of the audit log is a whole number from 1.');
  if (from !== undefined && to !== undefined && from > to) throw malformed('The range ends before it begins.');
  work.audit({ action: 'audit.exported', after: { from: from ?? 1, to: to ?? null }, reason });
  const { house } = work;
  const positions = from === undefined && to === undefined ? '' : `-${from ?? 1}-${to ?? 'end'}`;
  return {
    // Without the time: a plan names the file, and applying it a minute later must name the same.
    fileName: `parley-audit${positions}.ndjson`,
    lines: () => exportLines(house, range),
  };
}

/**
 * The positions somebody asked for. Needs `audit.read`. Times take in every entry sealed so far that was written in them; a range whose end is
 * still to come goes to the last sealed one, whichever that will be. Refuses as `malformed` what is no range, as `conflict` an empty one.
 */
export async function rangeOf(work: Work, { since, until, ...positions }: ExportAsked): Promise<ExportRange> {
  work.require('audit.read');
  if (!since && !until) return positions;
  if (positions.from !== undefined || positions.to !== undefined)
    throw malformed('A range is given by positions or by times, not by both.');
  if (since && until && since >= until) throw malformed('The range ends before it begins.');
  const [found] = await work.sql<{ first: number | null; last: number | null }>(
    `select min(position) as first, max(position) as last from audit_entries
     where position is not null and at >= coalesce($1::timestamptz, '-infinity') and at < coalesce($2::timestamptz, 'infinity')`,
    [since ?? null, until ?? null],
  );
  const { first, last } = found!;
  if (first === null || last === null) throw conflict('No line of the audit log was written in this time.');
  return { ...(since ? { from: first } : {}), ...(until && until <= work.at ? { to: last } : {}) };
}

/** The lines themselves: manifest, statements, entries, end. Everything is read in one snapshot; nothing is mended on the way. */
export async function* exportLines(house: Pick<House, 'db'>, range: ExportRange): AsyncGenerator<string> {
  const client = await house.db.client('audit export');
  const sql = sqlOf(client);
  try {
    await client.query('begin isolation level repeatable read read only');
    const digest = createHash('sha256');
    const put = (line: string) => {
      digest.update(line);
      return line;
    };
    const statements = await sql<{ line: string }>('select line from audit_statements order by number');
    const manifest = await manifestOf(
      sql,
      range,
      statements.map(({ line }) => readLine(line)).filter((line) => line !== null),
    );
    yield put(`{"manifest":${canonicalJson(manifest)}}\n`);
    for (const { line } of statements) yield put(`${line}\n`);
    // A cursor, not pages by position: positions that somebody doubled must show; and so must those below the first.
    const bounds = [
      range.from === undefined ? 'e.position is not null' : `e.position >= ${manifest.from}`,
      ...(range.to === undefined ? [] : [`e.position <= ${manifest.to}`]),
    ];
    await client.query(
      `declare audit_export no scroll cursor for select ${entryColumns} from audit_entries e where ${bounds.join(' and ')} order by e.position, e.id`,
    );
    let entries = 0;
    for (;;) {
      const rows = await sql<StoredEntry>(`fetch ${PAGE} from audit_export`);
      for (const row of rows) yield entryLine(row);
      entries += rows.length;
      if (rows.length < PAGE) break;
    }
    yield `{"end":${canonicalJson({ entries, sha256: digest.digest('hex'), statements: statements.length })}}\n`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** `{"hash":…,"entry":{…}}`, the entry in its canonical bytes. */
export const entryLine = (row: StoredEntry): string =>
  `{"hash":"${row.hash?.toString('hex') ?? ''}","entry":${canonicalEntry(row)}}\n`;

async function manifestOf(sql: Sql, range: ExportRange, lines: Line[]) {
  const [log] = await sql<{ sealed: number; unsealed: number; waitingSince: Date | null }>(
    `select coalesce(max(position), 0) as sealed, count(*) filter (where position is null) as unsealed, min(at) filter (where position is null) as "waitingSince" from audit_entries`,
  );
  const checkpoints = lines.flatMap(({ statement }) => (statement.kind === 'checkpoint' ? [statement] : []));
  const from =
    checkpoints.find(({ first, last }) => first <= (range.from ?? 1) && (range.from ?? 1) <= last)?.first ??
    Math.min(range.from ?? 1, (checkpoints.at(-1)?.last ?? 0) + 1);
  const to =
    checkpoints.find(({ first, last }) => range.to !== undefined && first <= range.to && range.to <= last)?.last ??
    Math.min(range.to ?? log!.sealed, log!.sealed);
  const [before] = await sql<{ hash: Buffer }>('select hash from audit_entries where position = $1 limit 1', [
    from - 1,
  ]);
  return {
    format: 'parley-audit-1',
    at: new Date(now()).toISOString(),
    asked: { from: range.from ?? 1, to: range.to ?? null },
    from,
    to,
    /** The chained hash in front of the first entry. */
    previous: (before?.hash ?? noHash).toString('hex'),
    signed: checkpoints.at(-1)?.last ?? 0,
    sealed: log!.sealed,
    /** Committed entries that are not sealed yet, and so are not in here. */
    unsealed: log!.unsealed,
    unsealedSince: log!.waitingSince?.toISOString() ?? null,
    keys: [...publicKeysIn(lines)].map(([id, publicKey]) => ({ id, publicKey })),
  };
}
