import type { Database } from '../kernel/database.ts';
import type { Statement } from './statements.ts';

/** What statements may lock: the tables, which tables the foreign keys of each refer to, and what our functions do. */
export type Lockables = { references: Map<string, string[]>; functions: Map<string, string> };

/** Rows here are only ever inserted by operations: nothing waits for them. */
const insertedOnly = new Set(['outbox', 'audit_entries']);

export async function readLockables(db: Database): Promise<Lockables> {
  const tables = await db.rows<{ name: string; references: string[] }>(
    `select c.relname as name, array_remove(array_agg(f.confrelid::regclass::text), null) as references
     from pg_class c left join pg_constraint f on f.conrelid = c.oid and f.contype = 'f'
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.oid`,
  );
  const functions = await db.rows<{ name: string; body: string }>(
    `select proname as name, prosrc as body from pg_proc where pronamespace = 'public'::regnamespace and prosrc ~* '\\m(insert|update|delete)\\M'`,
  );
  return {
    references: new Map(tables.map((table) => [table.name, table.references])),
    functions: new Map(functions.map(({ name, body }) => [name, body])),
  };
}

/**
 * Where an operation locks rows: those it writes or locks, those it deletes, and those its foreign keys' checks look at
 * (KEY SHARE).
 */
export type Locked = { rows: Set<string>; gone: Set<string>; lookedAt: Set<string> };

/** What statements lock, read from their words. Rather one table too many than one too few. */
export function lockedTables({ references, functions }: Lockables, statements: readonly Statement[]): Locked {
  const texts = statements.flatMap(({ text }) => [
    text,
    ...[...functions].filter(([name]) => text.includes(`${name}(`)).flatMap(([, body]) => body.split(';')),
  ]);
  const named = (pattern: RegExp, where = /^/) =>
    new Set(
      texts
        .filter((text) => where.test(text))
        .flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!.toLowerCase()))
        .filter((table) => references.has(table) && !insertedOnly.has(table)),
    );
  const written = named(/(?<!\b(?:for|key|do) )\b(?:update|insert into|delete from)\s+"?(\w+)/gi);
  const locked = named(/\b(?:from|join)\s+"?(\w+)/gi, /\bfor (?:no key update|update|share)\b/i);
  const shared = named(/\b(?:from|join)\s+"?(\w+)/gi, /\bfor key share\b/i);
  return {
    rows: written.union(locked),
    gone: named(/\bdelete from\s+"?(\w+)/gi),
    lookedAt: shared.union(new Set([...written].flatMap((table) => references.get(table) ?? []))),
  };
}

/** Whether two operations can wait for each other's rows. KEY SHARE waits only for a row that is deleted. */
export const canMeet = (one: Locked, two: Locked): boolean =>
  !one.rows.isDisjointFrom(two.rows) ||
  !one.lookedAt.isDisjointFrom(two.gone) ||
  !two.lookedAt.isDisjointFrom(one.gone);
