import type { RowChange } from '../kernel/database.ts';
import type { Database } from '../kernel/database.ts';

/** Every row of the product's tables and of the queue of jobs, by table and key: what "the database is as it was" means. Sequences are no part of it. */
export type Dump = Map<string, { table: string; id: string; row: Record<string, unknown> }>;

/**
 * Written by triggers, in the transaction that changed what they tell of. A plan tells of the change; a preview leaves
 * none of them.
 */
export const intervals = [
  'membership_intervals',
  'role_intervals',
  'department_intervals',
  'status_intervals',
  'department_tree_intervals',
  'setting_intervals',
];

/** Written with what they follow from: the keys by which people are found. */
export const derived = ['person_keys', 'department_keys', 'keys_due'];

/** Jobs that wait. An act's plan does not tell of them, and a preview may leave none. */
export const queue = 'graphile_worker._private_jobs';

const keysOf = `
  select case when c.relnamespace = 'public'::regnamespace then '' else c.relnamespace::regnamespace || '.' end || c.relname as "table", array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as key
  from pg_class c join pg_index i on i.indrelid = c.oid and i.indisprimary join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
  where (c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations' or c.oid = '${queue}'::regclass) and c.relkind = 'r'
  group by c.relname, c.relnamespace order by 1`;

/** Reads every table there is, so that one added tomorrow is compared too. Columns are named as models name them. */
export async function dump(db: Database): Promise<Dump> {
  const all: Dump = new Map();
  for (const { table, key } of await db.rows<{ table: string; key: string[] }>(keysOf)) {
    // As text of the database: a moment in a key has microseconds, of which a Date knows nothing.
    const keyText = key.map((column) => `t.${column}::text`).join(', ');
    const rows = await db.rows<Record<string, unknown>>(`select t.*, array[${keyText}] as "key text" from ${table} t`);
    for (const { 'key text': texts, ...raw } of rows) {
      const id = (texts as string[]).join(':');
      all.set(`${table} ${id}`, {
        table,
        id,
        row: Object.fromEntries(Object.entries(raw).map(([column, value]) => [camel(column), value])),
      });
    }
  }
  return all;
}

/** What happened from one dump to the other. */
export function changesBetween(before: Dump, after: Dump): RowChange[] {
  const changes: RowChange[] = [];
  for (const [key, { table, id, row }] of after) {
    const old = before.get(key);
    if (!old) changes.push({ table, id, op: 'insert', before: null, after: row });
    else if (textOf(old.row) !== textOf(row)) changes.push({ table, id, op: 'update', before: old.row, after: row });
  }
  for (const [key, { table, id, row }] of before)
    if (!after.has(key)) changes.push({ table, id, op: 'delete', before: row, after: null });
  return changes;
}

/** The columns that differ between two rows. */
export const columnsBetween = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  Object.keys(after).filter((column) => textOf(before[column]) !== textOf(after[column]));

const textOf = (value: unknown): string => JSON.stringify(value) ?? 'undefined';
const camel = (column: string) => column.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
