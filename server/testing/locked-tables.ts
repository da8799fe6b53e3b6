import type { Database } from '../kernel/database.ts';
import type { Statement } from './statements.ts';

/** What statements may lock: the tables, which of them each one's foreign keys look at, and what our functions do. */
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
 * The tables in which these statements lock rows: those they write, those a foreign key of a written row looks at, and every table of a statement
 * that says FOR UPDATE or the like. Rather one too many than one too few.
 */
export function lockedTables({ references, functions }: Lockables, statements: readonly Statement[]): Set<string> {
  const texts = statements.flatMap(({ text }) => [
    text,
    ...[...functions].filter(([name]) => text.includes(`${name}(`)).flatMap(([, body]) => body.split(';')),
  ]);
  const named = new Set<string>();
  for (const text of texts) {
    const written = namesAfter(text, /(?<!\b(?:for|key|do) )\b(?:update|insert into|delete from)\s+"?(\w+)/gi);
    for (const table of written) for (const one of [table, ...(references.get(table) ?? [])]) named.add(one);
    if (/\bfor (?:no key update|key share|update|share)\b/i.test(text))
      for (const table of namesAfter(text, /\b(?:from|join)\s+"?(\w+)/gi)) named.add(table);
  }
  return new Set([...named].filter((table) => references.has(table) && !insertedOnly.has(table)));
}

const namesAfter = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1]!.toLowerCase());
