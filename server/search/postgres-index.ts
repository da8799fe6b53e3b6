import type { ClientBase } from 'pg';
import type { Database } from '../kernel/database.ts';
import type { Ask, Candidate, SearchEngine } from './engine.ts';
import { candidateOf, Question, type Told } from './postgres-question.ts';
import { walk, type Stride } from './postgres-walk.ts';
import { reachOf, type Reach } from './reach.ts';
import { addWords, forgetWords, tokensBefore, wordsBeginning } from './postgres-words.ts';
import { shareOf } from './token-shares.ts';

/*
 * The index in PostgreSQL. Entries are found in two ways that answer the same: by their tokens, gathering all that match and keeping the newest;
 * or by walking back from the newest until enough match. The first pays for every message that holds the words, the second for every one that
 * does not: how frequent they are decides.
 */

export const postgresIndex: SearchEngine = {
  name: 'postgresql',

  async write(client: ClientBase, { entries, gone, changed }) {
    const before = await tokensBefore(client, changed);
    if (entries.length > 0) {
      await client.query(
        `insert into search_entries as e (message_id, conversation_id, rev, at, tokens)
         select n.message_id, n.conversation_id, n.rev, timestamptz 'epoch' + n.at * interval '1 microsecond', array(select jsonb_array_elements_text(n.tokens))
         from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::jsonb[]) as n (message_id, conversation_id, rev, at, tokens)
         on conflict (message_id) do update set rev = excluded.rev, tokens = excluded.tokens where e.rev <= excluded.rev`,
        [
          entries.map((e) => e.messageId),
          entries.map((e) => e.conversationId),
          entries.map((e) => e.rev),
          entries.map((e) => e.at),
          entries.map((e) => JSON.stringify(e.tokens)),
        ],
      );
    }
    if (gone.length > 0) await client.query('delete from search_entries where message_id = any ($1)', [gone]);
    await addWords(
      client,
      entries.flatMap(({ tokens }) => tokens),
    );
    await forgetWords(client, before);
  },

  async candidates(db, ask) {
    const words = ask.beginning === null ? null : await wordsBeginning(db, ask.beginning);
    // Too many words begin so: that very word is looked for.
    if (ask.beginning !== null && words === null)
      return this.candidates(db, { ...ask, tokens: [...ask.tokens, ask.beginning], beginning: null });
    const beginning = ask.beginning === null ? null : { text: ask.beginning, words: words! };
    const { share, entries } = await shareOf(db, ask.tokens, beginning);
    // So few hold the words that looking at each is cheaper than asking first what the reader may read.
    if (share * entries <= few) return byTokens(db, ask, 'each');
    const reach = await reachOf(db, ask);
    const { stride, way, matching } = waysFor(reach, share, entries);
    return costOfWalk(ask, share, reach, entries) < matching * costs.match
      ? byWalk(db, ask, share, reach, stride)
      : byTokens(db, ask, way);
  },
};

/** Matches so few that asking of each whether it may be read is cheaper than listing what may. */
const few = 250;
/** Conversations beyond which the index is not given a list of them: it compares each entry with each. */
const mostListed = 300;
/**
 * Costs beside that of an entry a walk passes: one that is found by its tokens, a conversation a walk begins in, and a walk as such. Measured at
 * 200,000 messages, 2 us an entry; a word in a tenth of 10,000 readable messages is where the two ways cost the same.
 */
const costs = { match: 0.8, room: 3, walk: 100 };

type Way = 'listed' | 'each';

const waysFor = (reach: Reach, share: number, entries: number): { stride: Stride; way: Way; matching: number } =>
  reach.rooms <= mostListed
    ? { stride: 'side by side', way: 'listed', matching: share * reach.messages }
    : { stride: 'all', way: 'each', matching: share * entries };

function costOfWalk({ limit }: Ask, share: number, reach: Reach, entries: number): number {
  const passed = (2 * limit) / share;
  return (
    costs.walk +
    (reach.rooms <= mostListed ? passed + costs.room * reach.rooms : passed / Math.min(1, reach.messages / entries))
  );
}

/**
 * All that have the tokens, the newest kept. `listed`: the index leaves out what lies outside the reader's conversations, before a row is read;
 * `each`: whatever has the tokens is asked whether it may be read.
 */
export async function byTokens(db: Database, ask: Ask, way: Way): Promise<Candidate[]> {
  const question = new Question(ask);
  const { columns, joins, order } = question.told('f');
  const told = await db.rows<Told>(
    // Materialized, or the planner goes through the reader's conversations one by one and asks the index for the tokens in each: ten times the cost.
    `with held as materialized (select e.message_id, e.conversation_id, e.at from search_entries e
       where ${question.indexed('e')} and ${question.inTime('e.at', 'e.message_id')}${way === 'listed' ? ` and array[e.conversation_id] && (select coalesce(array_agg(id), '{}') from (${question.readable()}) r)` : ''}),
     found as (select h.message_id as id, h.at from (select * from held order by at desc, message_id desc) h
       ${way === 'each' ? `cross join lateral (select where ${question.isReadable('h.conversation_id')} offset 0) readable` : ''} ${question.messageOf('h.message_id')}
       order by h.at desc, h.message_id desc limit ${question.put(ask.limit, 'int')})
     select ${columns} from found f ${joins} ${order}`,
    question.params,
    'search by tokens',
  );
  return told.map(candidateOf);
}

/** As far back as walking is worth while; the rest by the tokens. */
export async function byWalk(
  db: Database,
  ask: Ask,
  share: number,
  reach: Reach,
  stride: Stride,
): Promise<Candidate[]> {
  const { found, below } = await walk(db, ask, share, reach, stride);
  if (below === null || found.length >= ask.limit) return found;
  const way = stride === 'all' ? 'each' : 'listed';
  return [...found, ...(await byTokens(db, { ...ask, below, limit: ask.limit - found.length }, way))];
}
