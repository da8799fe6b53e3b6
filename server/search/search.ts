import type { Found, Hit, MessageSearch } from '@parley/protocol/search.ts';
import type { Message } from '@parley/protocol/messages.ts';
import { malformed, Refused } from '../kernel/errors.ts';
import { Slices } from '../kernel/slices.ts';
import type { Work } from '../kernel/work.ts';
import { searchEngine, type Ask, type Candidate, type Place } from './engine.ts';
import { marksIn, phrasesOf } from './literal.ts';
import { tokensOfPhrase } from './tokens.ts';

/*
 * Finding messages. The index proposes, the literal check on the stored text decides, and permission is judged on the rows of this moment:
 * an index that lags, or lies, can hide a message for a second and can never show one.
 */

/**
 * Candidates read in one go, the first time and from then on: nearly all of them are hits, but a rare phrase of common
 * words may need many.
 */
const handful = { first: (limit: number) => limit + 5, later: 400 };
/** Characters read in one go from then on: what the database sends is taken apart in one piece. */
const charactersAtOnce = 250_000;
/**
 * Candidates and characters one question may look at: beyond that it is answered with what was found, and a cursor to
 * go on. Where places are needed, a character costs up to 0.12 us (20,000 with emoji: 2.3 ms), so a question has half a
 * second of the processor at most, in slices.
 */
const most = { candidates: 40_000, characters: 4_000_000 };

/** The newest messages the asking person may read now that hold every word and phrase of the query. */
export async function search(work: Work, input: MessageSearch): Promise<Found> {
  const phrases = phrasesOf(input.query);
  const tokens = [...new Set(phrases.flatMap(tokensOfPhrase))];
  if (tokens.length === 0) throw malformed('query: holds nothing that can be searched for');
  if (tokens.length > 200) throw malformed('query: is too long; use fewer words');
  const { query: _query, cursor, limit, ...filters } = input;
  const ask: Omit<Ask, 'below' | 'limit' | 'whole'> = {
    readerId: work.person(),
    mayBrowse: work.may('channels.browse'),
    tokens,
    ...filters,
  };
  const engine = work.use(searchEngine);
  const found: { candidate: Candidate; marks: [number, number][] }[] = [];
  let below: Place | null = cursor === undefined ? null : readCursor(cursor);
  const slices = new Slices();
  let characters = 0;
  for (let seen = 0; seen < most.candidates && characters < most.characters;) {
    const size = seen === 0 ? handful.first(limit) : handfulOf(characters / seen);
    const candidates = await engine.candidates(work.db, { ...ask, below, limit: size, whole: seen === 0 });
    for (const candidate of candidates) {
      if (slices.isOver()) await slices.next();
      characters += candidate.body.length;
      const marks = marksIn(candidate.body, phrases);
      // One more than the page holds says that there is another page.
      if (marks && found.length === limit)
        return { hits: await hitsOf(work, found), next: cursorAt(found.at(-1)!.candidate) };
      if (marks) found.push({ candidate, marks });
    }
    seen += candidates.length;
    if (candidates.length < size) return { hits: await hitsOf(work, found), next: null };
    below = candidates.at(-1)!;
  }
  return { hits: await hitsOf(work, found), next: below && cursorAt(below) };
}

/** How many candidates of this length on average are read in one go. */
const handfulOf = (length: number): number =>
  Math.max(20, Math.min(handful.later, Math.floor(charactersAtOnce / Math.max(1, length))));

async function hitsOf(work: Work, found: { candidate: Candidate; marks: [number, number][] }[]): Promise<Hit[]> {
  const rest = found.filter(({ candidate }) => !candidate.whole).map(({ candidate }) => candidate.id);
  const rows =
    rest.length === 0
      ? []
      : await work.db.rows<{ message: Message; conversationName: string | null }>(
          'select message_json(m) as message, c.name as "conversationName" from messages m join conversations c on c.id = m.conversation_id where m.id = any ($1)',
          [rest],
          'search hits',
        );
  const byId = new Map(rows.map((row) => [row.message.id, row]));
  return found.flatMap(({ candidate, marks }) => {
    const whole = candidate.whole ?? byId.get(candidate.id);
    // Recalled or edited between the two readings: what is shown must be what was judged.
    return whole && whole.message.body === candidate.body ? [{ ...whole, marks }] : [];
  });
}

const cursorAt = ({ at, id }: Place): string => `${at}.${id}`;

function readCursor(cursor: string): Place {
  const [, at, id] =
    /^(-?\d{1,17})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (!at || !id) throw new Refused('malformed', 'cursor: is not one a search gave');
  return { at, id };
}
