import * as z from 'zod/mini';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { listingOf, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { likeable } from './users.ts';

/*
 * The directory as administration sees it: everybody, in any of four orders, a page at a time.
 */

/** A person with the facts administration needs. */
export type AdminPerson = {
  id: string;
  number: number;
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  email: string | null;
  title: string | null;
  locale: string;
  departmentId: string | null;
  createdAt: Date;
  suspendedAt: Date | null;
  lastSeenAt: Date | null;
};

export const statuses = ['active', 'invited', 'suspended'] as const satisfies PersonStatus[];
export const kindsOfPeople = ['person', 'bot', 'imported', 'guest'] as const satisfies PersonKind[];

/** Each order is an index (migrations 0005, 0006). What sorts last by nature, having no value, sorts first here: an index has one order. */
const orders = {
  NAME: { key: 'lower(u.name)', type: 'text' },
  EMAIL: { key: `coalesce(lower(u.email), '')`, type: 'text' },
  CREATED_AT: { key: 'u.created_at', type: 'timestamptz' },
  LAST_SEEN_AT: { key: `coalesce(u.last_seen_at, '-infinity'::timestamptz)`, type: 'timestamptz' },
} as const;
export const peopleSorts = Object.keys(orders) as (keyof typeof orders)[];

const filterWords = {
  query: z._default(optionalText(limits.query), ''),
  status: z.optional(z.enum(statuses)),
  kind: z.optional(z.enum(kindsOfPeople)),
  departmentId: z.optional(id),
  role: z.optional(optionalText(40)),
  sort: z._default(z.enum(peopleSorts as ['NAME', 'EMAIL', 'CREATED_AT', 'LAST_SEEN_AT']), 'NAME'),
  descending: z._default(z.boolean(), false),
};
export const DirectoryPage = z.strictObject({ ...pageWords, ...filterWords });
export type DirectoryQuestion = z.output<typeof DirectoryPage>;

/** One page of everybody the filters leave. `query` is any part of a name, or the beginning of an e-mail address; a department stands for its subtree. */
export async function page(
  work: Work,
  { first, after, sort, descending, ...filter }: DirectoryQuestion,
): Promise<Listing<AdminPerson>> {
  work.require('users.read');
  const { key, type } = orders[sort];
  const list = `people ${sort} ${descending ? 'down' : 'up'}`;
  const place = after === undefined ? null : placeOf<[string, string]>(work, list, after);
  const { where, params } = conditionsOf(filter, filter.departmentId ? await subtreeOf(work, filter.departmentId) : []);
  const direction = descending ? 'desc' : 'asc';
  const beyond = place
    ? ` and (${key}, u.id) ${descending ? '<' : '>'} ($${params.length + 1}::${type}, $${params.length + 2}::uuid)`
    : '';
  const rows = await work.sql<AdminPerson & { key: string }>(
    `select ${columns}, (${key})::text as key from users u where ${where}${beyond} order by ${key} ${direction}, u.id ${direction} limit ${first + 1}`,
    [...params, ...(place ?? [])],
  );
  const { db } = work;
  const total = async () =>
    (await db.rows<{ count: number }>(`select count(*)::int as count from users u where ${where}`, params))[0]!.count;
  return listingOf(
    rows,
    first,
    ({ key: _key, ...node }) => node,
    (row) => cursorAt(work, list, [row.key, row.id]),
    total,
  );
}

/** One person as administration sees them, as the act has left them. */
export async function adminPerson(work: Work, id: string): Promise<AdminPerson> {
  const [person] = await adminPeople(work, [id]);
  if (!person) throw notFound('person');
  return person;
}

/** The people with these ids, each in its place: for loaders. Whoever calls has judged who may. */
export async function peopleInOrder(work: Work, ids: readonly string[]): Promise<AdminPerson[]> {
  const people = new Map((await adminPeople(work, ids)).map((person) => [person.id, person]));
  return ids.map((id) => people.get(id)!);
}

/** The people with these ids, in no particular order. Whoever calls has judged who may. */
export const adminPeople = (work: Work, ids: readonly string[]): Promise<AdminPerson[]> =>
  work.sql<AdminPerson>(`select ${columns} from users u where u.id = any ($1::uuid[])`, [ids]);

const columns = `u.id, u.number, u.name, u.kind, u.status, u.email, u.title, u.locale, u.department_id as "departmentId", u.created_at as "createdAt",
  u.suspended_at as "suspendedAt", u.last_seen_at as "lastSeenAt"`;

/** A department and everything below it. Asked first, so that the planner knows how many people it is about. */
const subtreeOf = async (work: Work, departmentId: string): Promise<string[]> =>
  (
    await work.sql<{ id: string }>(
      'with recursive below as (select id from departments where id = $1 union select d.id from departments d join below b on d.parent_id = b.id) select id from below',
      [departmentId],
    )
  ).map(({ id }) => id);

function conditionsOf(
  { query, status, kind, departmentId, role }: Omit<DirectoryQuestion, 'first' | 'after' | 'sort' | 'descending'>,
  subtree: string[],
): { where: string; params: unknown[] } {
  const conditions: string[] = [];
  const params: unknown[] = [];
  const put = (value: unknown) => `$${params.push(value)}`;
  const words = query.trim();
  if (words) {
    const named = `lower(u.name) like lower(${put(`%${likeable(words)}%`)})`;
    const addressed = `lower(u.email) like lower(${put(`${likeable(words)}%`)})`;
    // Trigrams find three letters in a row; Chinese names are shorter, and found by their pieces. Once and by themselves: taking a name to pieces
    // takes 30 us, and the planner would do it again for everybody it passes.
    conditions.push(
      /[^\p{ASCII}]/u.test(words)
        ? `u.id in (select u.id from users u where name_pieces(u.name) @> name_pieces(${put(words)}) and ${named} union select u.id from users u where ${addressed})`
        : `(${named} or ${addressed})`,
    );
  }
  if (status) conditions.push(`u.status = ${put(status)}`);
  if (kind) conditions.push(`u.kind = ${put(kind)}`);
  if (departmentId) conditions.push(`u.department_id = any (${put(subtree)}::uuid[])`);
  if (role) conditions.push(`exists (select from role_grants g where g.user_id = u.id and g.role = ${put(role)})`);
  return { where: conditions.join(' and ') || 'true', params };
}
