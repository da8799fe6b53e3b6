import type { Database } from '../kernel/database.ts';
import type { Ask, Candidate, Place } from './engine.ts';
import { candidateOf, microsecondsOf, Question, type Told } from './postgres-question.ts';
import type { Reach } from './reach.ts';

/*
 * Walking back from the newest entries a reader may read, testing each, until enough of them match. Two strides: through a handful of
 * conversations side by side, some entries in each, and never past the newest place where one of them was cut; or, for who reads very many,
 * through everything said in the house, passing what may not be read.
 */

export type Stride = 'side by side' | 'all';

/** What a walk found, newest first: all there is above `below`; null when it came to the end. */
export type Walked = { found: Candidate[]; below: Place | null };

/** Steps before a walk gives up, and entries a step may pass in a conversation: the word is elsewhere, and its tokens find it cheaper. */
const mostSteps = 3;
const longestStep = 4_096;

/** Walks until `ask.limit` are found or giving up is cheaper. `share` is the part of all entries that is expected to match, above 0. */
export async function walk(db: Database, ask: Ask, share: number, reach: Reach, stride: Stride): Promise<Walked> {
  const found: Candidate[] = [];
  const expected = () => (2 * (ask.limit - found.length)) / share;
  const abreast = stride === 'all' ? 1 : Math.max(1, reach.rooms);
  let below = ask.below;
  let since: string | null = null;
  let length = 1 + expected() / abreast;
  for (let step = 1; step <= mostSteps; step++) {
    const passed = await pass(db, { ...ask, below, limit: ask.limit - found.length }, stride, {
      length: Math.min(longestStep, Math.ceil(length)),
      since,
    });
    found.push(...passed.found);
    below = passed.edge;
    if (below === null || passed.newest === null || found.length >= ask.limit) return { found, below };
    // Conversations are unlike: the quiet ones went far back, and the busiest of them was cut soon. How close together entries lay until there
    // says how far back the next step goes, for all of them alike.
    length = expected();
    if (stride === 'side by side') {
      const apart = (Number(passed.newest) - Number(below.at)) / passed.count;
      since = String(Math.max(earliest, Math.round(Number(below.at) - apart * Math.min(longestStep, length))));
    }
  }
  return { found, below };
}

type Step = { length: number; since: string | null };
type Passed = { found: Candidate[]; count: number; newest: string | null; edge: Place | null };

/** One step. All entries above `edge` were seen; null: all there are. */
async function pass(db: Database, ask: Ask, stride: Stride, { length, since }: Step): Promise<Passed> {
  const question = new Question(ask);
  // Written out, so that the planner knows how little is wanted; and rounded, so that few plans are kept.
  const cut = String(rounded(length));
  const seen = stride === 'all' ? throughAll(question, cut) : sideBySide(question, cut, since);
  const { columns, joins, order } = question.told('f');
  const rows = await db.rows<
    Told & { count: number; newest: string | null; edgeAt: string | null; edgeId: string | null }
  >(
    `with ${seen},
       edge as materialized (select at, message_id from seen where n = ${cut} order by at desc, message_id desc limit 1),
       passed as materialized (select s.* from seen s where not exists (select from edge x where (s.at, s.message_id) < (x.at, x.message_id))),
       found as (select p.message_id as id, p.at from (select * from passed where holds order by at desc, message_id desc) p
         ${question.messageOf('p.message_id')} order by p.at desc, p.message_id desc limit ${question.put(ask.limit, 'int')}),
       summary as (select count(*)::int as count, ${microsecondsOf('max(at)')} as newest from passed)
     select s.count, s.newest, ${microsecondsOf('x.at')} as "edgeAt", x.message_id as "edgeId", ${columns}
     from summary s left join edge x on true left join (found f ${joins}) on true ${order}`,
    question.params,
    'search walk',
  );
  const { count, newest, edgeAt, edgeId } = rows[0]!;
  const found = rows.filter((row) => row.id !== null).map(candidateOf);
  const edge =
    edgeAt !== null && edgeId !== null ? { at: edgeAt, id: edgeId } : since === null ? null : { at: since, id: lowest };
  return { found, count, newest, edge };
}

/** A power of two, or halfway to the next: at least this many. */
function rounded(length: number): number {
  const power = 2 ** Math.floor(Math.log2(Math.max(2, length)));
  return length <= power ? power : length <= 1.5 * power ? 1.5 * power : 2 * power;
}

const lowest = '00000000-0000-0000-0000-000000000000';
/** The year 1, in microseconds: long before anything was said, and still a time to PostgreSQL. */
const earliest = -62_135_596_800_000_000;

/** The newest of each readable conversation. */
const sideBySide = (question: Question, cut: string, since: string | null): string =>
  `rooms as materialized (${question.readable()}),
   seen as materialized (select s.* from rooms r cross join lateral (
     select e.message_id, e.at, ${question.hasTokens('e')} as holds, row_number() over (order by e.at desc, e.message_id desc) as n
     from search_entries e where e.conversation_id = r.id and ${question.inTime('e.at', 'e.message_id')}
       ${since === null ? '' : `and e.at >= ${question.moment(since)}`} order by e.at desc, e.message_id desc limit ${cut}) s)`;

/** The newest of everything said. */
const throughAll = (question: Question, cut: string): string =>
  `seen as materialized (select m.id as message_id, m.created_at as at, row_number() over (order by m.created_at desc, m.id desc) as n,
     held.holds and readable.holds as holds
     from (select * from messages m where ${question.inTime('m.created_at', 'm.id')} order by m.created_at desc, m.id desc limit ${cut}) m
     cross join lateral (select exists (select from search_entries e where e.message_id = m.id and ${question.hasTokens('e')} offset 0) as holds) held
     cross join lateral (select ${question.isReadable('m.conversation_id')} as holds offset 0) readable)`;
