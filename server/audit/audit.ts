import { malformed } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { noteReading } from './readings.ts';

export { exportAudit } from './export.ts';
export { entryProof, publicKeys, sealState } from './proof.ts';
export { rotateKey } from './rotation.ts';

/*
 * The audit log, read. Entries are written by every act (kernel/work.ts), chained and signed by the sealer, proven by scripts/verify-audit.mjs;
 * here they are found. Whoever reads them is written down as well.
 */

/** All given conditions hold. `text` is looked for in names, reasons, actions, targets, addresses and request ids, not in before and after. */
export type AuditFilter = {
  actorId?: string;
  /** Whole names, or beginnings that end in a dot: `users.suspended`, `users.`. */
  actions?: string[];
  targetKind?: string;
  targetId?: string;
  outcome?: 'done' | 'refused';
  /** From this moment, up to and without that one. */
  from?: Date;
  to?: Date;
  text?: string;
};

export type AuditPage = { first?: number; after?: string | null };

export type AuditLine = {
  id: number;
  at: Date;
  actorId: string | null;
  actorName: string;
  action: string;
  outcome: 'done' | 'refused';
  targetKind: string | null;
  targetId: string | null;
  targetName: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  reason: string | null;
  count: number;
  door: string | null;
  address: string | null;
  requestId: string | null;
  previewToken: string | null;
  /** Its place in the chain; null until it is sealed, within a second. */
  position: number | null;
  /** The chained hash in hex, once it is sealed. */
  hash: string | null;
  /** Continues behind this entry. */
  cursor: string;
};

const MOST = 200;

/**
 * Entries, newest first, a page at a time (100 unless told, at most 200). `next` is the cursor of the following page, or null at the end; a
 * cursor stays good while entries arrive. Needs `audit.read`; refuses as `malformed` a cursor not of our making and filters that cannot be.
 */
export async function listEntries(
  work: Work,
  filter: AuditFilter = {},
  page: AuditPage = {},
): Promise<{ entries: AuditLine[]; next: string | null }> {
  work.require('audit.read');
  const first = page.first ?? 100;
  if (!Number.isInteger(first) || first < 1 || first > MOST)
    throw malformed(`first: a page holds 1 to ${MOST} entries.`);
  const { where, params } = conditionsOf(filter, page.after ?? null);
  noteReading(work, { ...filter });
  const rows = await work.sql<Omit<AuditLine, 'cursor'>>(
    `select ${lineColumns} from audit_entries e where ${where} order by id desc limit ${first + 1}`,
    params,
  );
  const entries = rows.slice(0, first).map((row) => ({ ...row, cursor: cursorAt(row.id) }));
  return { entries, next: rows.length > first ? entries.at(-1)!.cursor : null };
}

const lineColumns = `id, at, actor_id as "actorId", actor_name as "actorName", action, outcome, target_kind as "targetKind", target_id as "targetId", target_name as "targetName",
  before, after, reason, count, door, address, request_id as "requestId", preview_token as "previewToken", position, encode(hash, 'hex') as hash`;

/** One line, by its id, or null. Reading it is audited. Needs `audit.read`. */
export async function oneEntry(work: Work, id: number): Promise<AuditLine | null> {
  work.require('audit.read');
  noteReading(work, { entry: id });
  const [row] = await work.sql<Omit<AuditLine, 'cursor'>>(`select ${lineColumns} from audit_entries where id = $1`, [
    id,
  ]);
  return row ? { ...row, cursor: cursorAt(row.id) } : null;
}

/** The actions that occur in the log, for the filter. Needs `audit.read`. */
export async function listActions(work: Work): Promise<string[]> {
  work.require('audit.read');
  // From one action to the next through the index, instead of over all entries.
  const rows = await work.sql<{ action: string }>(
    `with recursive seen as (
       (select action from audit_entries order by action limit 1)
       union all
       select (select e.action from audit_entries e where e.action > seen.action order by e.action limit 1) from seen where seen.action is not null
     ) select action from seen where action is not null`,
  );
  return rows.map(({ action }) => action);
}

function conditionsOf(filter: AuditFilter, after: string | null): { where: string; params: unknown[] } {
  const conditions: string[] = [];
  const params: unknown[] = [];
  const put = (value: unknown) => `$${params.push(value)}`;
  if (filter.actorId !== undefined) conditions.push(`actor_id = ${put(uuid(filter.actorId, 'actorId'))}`);
  if (filter.targetKind !== undefined) conditions.push(`target_kind = ${put(words(filter.targetKind, 'targetKind'))}`);
  if (filter.targetId !== undefined) conditions.push(`target_id = ${put(words(filter.targetId, 'targetId'))}`);
  if (filter.outcome !== undefined) conditions.push(`outcome = ${put(filter.outcome)}`);
  if (filter.actions?.length) {
    if (filter.actions.length > 50) throw malformed('actions: at most 50 at once.');
    const actions = filter.actions.map((action) => words(action, 'actions'));
    const whole = put(actions.filter((action) => !action.endsWith('.')));
    conditions.push(
      `(action = any (${whole}::text[])${actions
        .filter((action) => action.endsWith('.'))
        .map((start) => ` or starts_with(action, ${put(start)})`)
        .join('')})`,
    );
  }
  if (filter.from !== undefined) conditions.push(`at >= ${put(moment(filter.from, 'from'))}`);
  if (filter.to !== undefined) conditions.push(`at < ${put(moment(filter.to, 'to'))}`);
  const text = filter.text === undefined ? '' : words(filter.text, 'text').normalize('NFC').trim();
  if (text) conditions.push(`audit_search_text(e) like lower(${put(`%${text.replaceAll(/[\\%_]/g, '\\$&')}%`)})`);
  if (after !== null) conditions.push(`id < ${put(idOf(after))}`);
  return { where: conditions.join(' and ') || 'true', params };
}

/** PostgreSQL text cannot hold U+0000, and nobody looks for a novel. */
function words(value: string, place: string): string {
  if (value.length > 200 || value.includes('\0')) throw malformed(`${place}: at most 200 characters, without U+0000.`);
  return value;
}

function uuid(value: string, place: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) throw malformed(`${place}: this is not an id.`);
  return value;
}

function moment(value: Date, place: string): Date {
  const year = value.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw malformed(`${place}: this is not a time.`);
  return value;
}

const cursorAt = (id: number): string => Buffer.from(`audit ${id}`).toString('base64url');

function idOf(cursor: string): number {
  const id = Number(/^audit (\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1] ?? Number.NaN);
  if (Number.isNaN(id) || cursorAt(id) !== cursor) throw malformed('after: this is no cursor of the audit log.');
  return id;
}
