/*
 * The canonical bytes of an audit entry: what is hashed, signed and exported. docs/audit.md states the same for people who check us.
 * 1. One JSON object (UTF-8, no white space) with the keys of a `StoredEntry` but `hash`, null where there is nothing. `before` and `after` are
 *    left out where there is nothing: a JSON null is something else.
 * 2. Keys of every object, at every depth, are sorted by UTF-16 code units. Strings are escaped as RFC 8785 says: only `"`, `\` and characters
 *    below U+0020, the latter as \b \t \n \f \r or \u00xx.
 * 3. Numbers inside `before` and `after` stay exactly as PostgreSQL prints jsonb numbers: no digit is lost to floating point.
 * 4. `at` is UTC with microseconds: 2026-11-23T09:30:00.000000Z. `tx` is a string of digits; `id`, `position` and `count` are integers.
 * 5. A column added in a later version appears only where it is not null, so that entries sealed before keep their bytes.
 */

/** An entry as `entryColumns` reads it. `before` and `after` are still JSON text. */
export type StoredEntry = {
  tx: string;
  id: number;
  at: string;
  actorId: string | null;
  actorName: string;
  action: string;
  outcome: 'done' | 'refused';
  targetKind: string | null;
  targetId: string | null;
  targetName: string | null;
  before: string | null;
  after: string | null;
  reason: string | null;
  count: number;
  door: string | null;
  address: string | null;
  requestId: string | null;
  previewToken: string | null;
  position: number | null;
  hash: Buffer | null;
};

/** The select list of a `StoredEntry` over `audit_entries e`. Times outside our era get a form of their own, lest two of them look alike. */
export const entryColumns = `
  e.tx::text as tx, e.id,
  case when isfinite(e.at) and e.at between '0001-01-02Z' and '9999-12-30Z'
    then to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else 'odd ' || e.at::text end as at,
  e.actor_id as "actorId", e.actor_name as "actorName", e.action, e.outcome, e.target_kind as "targetKind", e.target_id as "targetId", e.target_name as "targetName",
  e.before::text as before, e.after::text as after, e.reason, e.count, e.door, e.address, e.request_id as "requestId", e.preview_token as "previewToken",
  e.position, e.hash`;

/** The canonical text of an entry at the position it has, or is about to get. */
export function canonicalEntry(entry: StoredEntry, position: number | null = entry.position): string {
  const { hash: _hash, before, after, ...rest } = entry;
  return canonicalJson({
    ...rest,
    position,
    ...(before !== null && { before: exactJson(before) }),
    ...(after !== null && { after: exactJson(after) }),
  });
}

/** Parses JSON text and keeps every number as it was written. */
function exactJson(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' ? json.rawJSON(source!) : value) as (key: string, value: unknown) => unknown);
}

/** Deterministic JSON by the rules 2 and 3 above. Takes what JSON can say, nothing else. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object' || json.isRawJSON(value)) return JSON.stringify(value);
  const object = value as Record<string, unknown>;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`);
  return `{${members.join(',')}}`;
}

/** Node knows these two; the compiler's library does not yet. */
const json = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };
