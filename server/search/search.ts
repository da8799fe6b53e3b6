import type { Found, Hit, MessageSearch } from '@parley/protocol/search.ts';
import type { Message } from '@parley/protocol/messages.ts';
import { malformed, Refused } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { searchEngine, type Ask, type Candidate } from './engine.ts';
import { marksIn, phrasesOf } from './literal.ts';
import { tokensOfPhrase } from './tokens.ts';

/*
 * Finding messages. The index proposes, the literal check on the stored text decides, and permission is judged on the rows of this moment:
 * an index that lags, or lies, can hide a message for a second and can never show one.
 */

/** Candidates looked at in one go; a rare phrase of common words may need several. */
const handful = 400;
/** Candidates one question may look at: beyond that it is answered with what was found, and a cursor to go on. */
const patience = 40_000;

/** The newest messages the asking person may read now that hold every word and phrase of the query. */
export async function search(work: Work, input: MessageSearch): Promise<Found> {
  const phrases = phrasesOf(input.query);
  const tokens = [...new Set(phrases.flatMap(tokensOfPhrase))];
  if (tokens.length === 0) throw malformed('query: holds nothing that can be searched for');
  if (tokens.length > 200) throw malformed('query: is too long; use fewer words');
  const { query: _query, cursor, limit, ...filters } = input;
  const ask: Omit<Ask, 'below' | 'limit'> = {
    readerId: work.person(),
    mayBrowse: work.may('channels.browse'),
    tokens,
    ...filters,
  };
  const engine = work.use(searchEngine);
  const found: { candidate: Candidate; marks: [number, number][] }[] = [];
  let below = cursor === undefined ? null : readCursor(cursor);
  for (let seen = 0; seen < patience;) {
    const candidates = await engine.candidates(work.db, { ...ask, below, limit: handful });
    for (const candidate of candidates) {
      below = { at: candidate.at, id: candidate.id };
      const marks = marksIn(candidate.body, phrases);
      if (marks) found.push({ candidate, marks });
      if (found.length === limit) return { hits: await hitsOf(work, found), next: `${below.at}.${below.id}` };
    }
    seen += candidates.length;
    if (candidates.length < handful) return { hits: await hitsOf(work, found), next: null };
  }
  return { hits: await hitsOf(work, found), next: below ? `${below.at}.${below.id}` : null };
}

async function hitsOf(work: Work, found: { candidate: Candidate; marks: [number, number][] }[]): Promise<Hit[]> {
  if (found.length === 0) return [];
  const rows = await work.db.rows<{ message: Message; name: string | null }>(
    'select message_json(m) as message, c.name from messages m join conversations c on c.id = m.conversation_id where m.id = any ($1)',
    [found.map(({ candidate }) => candidate.id)],
  );
  const byId = new Map(rows.map((row) => [row.message.id, row]));
  return found.flatMap(({ candidate, marks }) => {
    const row = byId.get(candidate.id);
    // Recalled or edited between the two readings: what is shown must be what was judged.
    return row && row.message.body === candidate.body
      ? [{ message: row.message, conversationName: row.name, marks }]
      : [];
  });
}

function readCursor(cursor: string): { at: string; id: string } {
  const [, at, id] =
    /^(-?\d{1,18})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (!at || !id) throw new Refused('malformed', 'cursor: is not one a search gave');
  return { at, id };
}
