import * as z from 'zod/mini';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { listingOf, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { amongMatches, readQuery, type Asked } from './matching.ts';
import { search } from './people-search.ts';

/*
 * The directory as administration sees it: all people, in any of four orders, a page at a time. What matches is said by
 * matching.ts, as in the chat.
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

/**
 * One page of the people the filters leave. Every word of `query` begins a word of the name, its pinyin, the address,
 * the title or the department. A department stands for its subtree. Senders of imported history are left out unless
 * `kind` asks for them.
 */
export async function page(
  work: Work,
  { first, after, sort, descending, ...filter }: DirectoryQuestion,
): Promise<Listing<AdminPerson>> {
  work.require('users.read');
  const { key, type } = orders[sort];
  const list = `people ${sort} ${descending ? 'down' : 'up'}`;
  const place = after === undefined ? null : placeOf<[string, string]>(work, list, after);
  const subtree = filter.departmentId ? await subtreeOf(work, filter.departmentId) : [];
  const { where, params } = conditionsOf(filter, await readQuery(work, filter.query), subtree);
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

/** People who match, the best first, for choosing one, each with the name of their department. Suspended ones too. */
export async function best(
  work: Work,
  query: string,
  limit: number,
): Promise<(AdminPerson & { departmentName: string | null })[]> {
  work.require('users.read');
  const found = await search(work, { query, limit, isAdministration: true });
  const people = await peopleInOrder(
    work,
    found.map((person) => person.id),
  );
  return people.map((person, at) => ({ ...person, departmentName: found[at]!.department }));
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
  { status, kind, departmentId, role }: Omit<DirectoryQuestion, 'first' | 'after' | 'sort' | 'descending'>,
  { words }: Asked,
  subtree: string[],
): { where: string; params: unknown[] } {
  const conditions: string[] = [];
  const params: unknown[] = [];
  const put = (value: unknown) => `$${params.push(value)}`;
  if (words === null) conditions.push('false');
  for (const word of words ?? []) conditions.push(amongMatches(word, put));
  if (status) conditions.push(`u.status = ${put(status)}`);
  conditions.push(kind ? `u.kind = ${put(kind)}` : `u.kind <> 'imported'`);
  if (departmentId) conditions.push(`u.department_id = any (${put(subtree)}::uuid[])`);
  if (role) conditions.push(`exists (select from role_grants g where g.user_id = u.id and g.role = ${put(role)})`);
  return { where: conditions.join(' and '), params };
}
