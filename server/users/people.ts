import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText, pageSize } from '@parley/protocol/words.ts';
import { malformed } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { personFacts, type AdminPerson } from './directory.ts';
import { likeable } from './users.ts';

/** What the list of people may be sorted by. Every order ends in the id, so that a place in it is unique. */
const orders = {
  NAME: 'lower(u.name)',
  EMAIL: `lower(coalesce(u.email, ''))`,
  CREATED_AT: 'u.created_at',
} as const;
export type PeopleSort = keyof typeof orders;
export const peopleSorts = Object.keys(orders) as PeopleSort[];

export const PeopleQuestion = z.strictObject({
  first: z._default(pageSize, 50),
  after: z.optional(optionalText(2_000)),
  query: z._default(optionalText(limits.query), ''),
  status: z.optional(z.enum(['active', 'invited', 'suspended'])),
  kind: z.optional(z.enum(['person', 'bot', 'imported', 'guest'])),
  departmentId: z.optional(id),
  role: z.optional(z.enum(['owner', 'administrator', 'auditor', 'analyst', 'member', 'guest'])),
  sort: z._default(z.enum(peopleSorts as [PeopleSort, ...PeopleSort[]]), 'NAME'),
  descending: z._default(z.boolean(), false),
});
export type PeopleQuestion = z.output<typeof PeopleQuestion>;

export type PeoplePage = { edges: { node: AdminPerson; cursor: string }[]; more: boolean; total: number };

/** Beyond this many the count stops counting: nobody pages through more, and a number that takes seconds is worth none. */
const mostCounted = 100_000;

/** One page of everybody the filters leave, and how many there are (at most 100,000 are counted). Needs `users.read`. */
export async function listPeople(work: Work, question: PeopleQuestion): Promise<PeoplePage> {
  work.require('users.read');
  const { first, after, sort, descending } = question;
  const place = after === undefined ? null : readPlace(after, sort);
  const key = orders[sort];
  const filters = `($3 = '' or lower(u.name) like '%' || lower($3) || '%' or lower(u.email) like lower($3) || '%')
    and ($4::text is null or u.status = $4) and ($5::text is null or u.kind = $5)
    and ($6::uuid is null or u.department_id in (
      with recursive below as (select d.id from departments d where d.id = $6 union all select d.id from departments d join below b on d.parent_id = b.id) select id from below))
    and ($7::text is null or exists (select from role_grants g where g.user_id = u.id and g.role = $7))`;
  const params = [
    place?.[0] ?? null,
    place?.[1] ?? null,
    likeable(question.query.trim()),
    question.status ?? null,
    question.kind ?? null,
    question.departmentId ?? null,
    question.role ?? null,
  ];
  const cast = sort === 'CREATED_AT' ? 'timestamptz' : 'text';
  const [rows, [counted]] = await Promise.all([
    work.db.rows<AdminPerson & { key: string }>(
      `select ${personFacts}, (${key})::text as key from users u
       where ($1::text is null or (${key}, u.id) ${descending ? '<' : '>'} ($1::${cast}, $2::uuid)) and ${filters}
       order by ${key} ${descending ? 'desc' : 'asc'}, u.id ${descending ? 'desc' : 'asc'} limit ${first + 1}`,
      params,
    ),
    work.db.rows<{ total: number }>(
      `select count(*) as total from (select from users u where $1::text is not distinct from $1 and $2::uuid is not distinct from $2 and ${filters} limit ${mostCounted}) counted`,
      params,
    ),
  ]);
  const edges = rows.slice(0, first).map(({ key: at, ...node }) => ({ node, cursor: writePlace(sort, at, node.id) }));
  return { edges, more: rows.length > first, total: counted!.total };
}

const Place = z.tuple([z.enum(peopleSorts as [PeopleSort, ...PeopleSort[]]), optionalText(limits.name * 4), id]);
const writePlace = (sort: PeopleSort, key: string, personId: string) =>
  Buffer.from(JSON.stringify([sort, key, personId])).toString('base64url');

/** A cursor is a place in one order, not a right: it is checked like any other word and needs no signature. */
function readPlace(cursor: string, sort: PeopleSort): [string, string] {
  const wrong = malformed('after: must be a cursor of this list in this order');
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw wrong;
  }
  const place = Place.safeParse(said);
  if (
    !place.success ||
    place.data[0] !== sort ||
    (sort === 'CREATED_AT' && Number.isNaN(Date.parse(place.data[1].replace(' ', 'T'))))
  )
    throw wrong;
  return [place.data[1], place.data[2]];
}
