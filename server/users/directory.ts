import * as z from 'zod/mini';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { limits } from '@parley/protocol/limits.ts';
import { optionalText, pageSize } from '@parley/protocol/words.ts';
import { malformed, notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { likeable } from './users.ts';

/** A person with the facts administration needs. */
export type AdminPerson = {
  id: string;
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  email: string | null;
  title: string | null;
  departmentId: string | null;
  createdAt: Date;
  suspendedAt: Date | null;
};

export const DirectoryPage = z.strictObject({ first: z._default(pageSize, 50), after: z.optional(optionalText(2_000)), query: z._default(optionalText(limits.query), '') });

export type Edge = { node: AdminPerson; cursor: string };

/** One page of everybody in order of name; `query` is any part of a name, or the beginning of an e-mail address. */
export async function page(work: Work, { first, after, query }: z.output<typeof DirectoryPage>): Promise<{ edges: Edge[]; more: boolean }> {
  work.require('users.read');
  const [key, id] = after === undefined ? [null, null] : readCursor(after);
  const rows = await work.sql<AdminPerson & { key: string }>(
    `select ${columns}, lower(u.name) as key from users u
     where ($1::text is null or (lower(u.name), u.id) > ($1, $2::uuid))
       and ($3 = '' or lower(u.name) like '%' || lower($3) || '%' or lower(u.email) like lower($3) || '%')
     order by lower(u.name), u.id limit $4`,
    [key, id, likeable(query.trim()), first + 1],
  );
  const edges = rows.slice(0, first).map(({ key, ...node }) => ({ node, cursor: writeCursor(key, node.id) }));
  return { edges, more: rows.length > first };
}

/** One person as administration sees them, as the act has left them. */
export async function adminPerson(work: Work, id: string): Promise<AdminPerson> {
  const [person] = await work.sql<AdminPerson>(`select ${columns} from users u where u.id = $1`, [id]);
  if (!person) throw notFound('person');
  return person;
}

const columns = `u.id, u.name, u.kind, u.status, u.email, u.title, u.department_id as "departmentId", u.created_at as "createdAt", u.suspended_at as "suspendedAt"`;

/** A cursor is a place in the order, not a right: it is checked like any other word and needs no signature. */
const Cursor = z.tuple([optionalText(limits.name * 4), z.uuid()]);

const writeCursor = (key: string, id: string) => Buffer.from(JSON.stringify([key, id])).toString('base64url');

function readCursor(cursor: string): [string, string] {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw malformed('after: must be a cursor of this list');
  }
}
