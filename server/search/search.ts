import type { Counted, Found, Hit, MessageCount, MessageSearch } from '@parley/protocol/search.ts';
import type { Message } from '@parley/protocol/messages.ts';
import { malformed, Refused } from '../kernel/errors.ts';
import { Slices } from '../kernel/slices.ts';
import type { Work } from '../kernel/work.ts';
import { searchEngine, type Ask, type Candidate, type Place } from './engine.ts';
import { holdsAll, marksIn, phrasesOf } from './literal.ts';
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
const charactersAtOnce = 100_000;
/**
 * Candidates and characters one question may look at: beyond that it is answered with what was found, and a cursor to
 * go on. Where places are needed, a character costs up to 0.12 us (20,000 with emoji: 2.3 ms), so a question has half a
 * second of the processor at most, in slices.
 */
const most = { candidates: 40_000, characters: 4_000_000 };
/** Messages that are counted, and what counting may look at. */
const mostCounted = 1_000;
const mostToCount = { candidates: 4_000, characters: 1_000_000 };

/** The newest messages the asking person may read now that hold every word and phrase of the query. */
export async function search(work: Work, { cursor, limit, ...question }: MessageSearch): Promise<Found> {
  const { phrases, ask } = read(work, question);
  const found: { candidate: Candidate; marks: [number, number][] }[] = [];
  const below = cursor === undefined ? null : readCursor(cursor);
  const looking = { ...ask, below, limit: handful.first(limit), whole: true };
  const stopped = await look(work, looking, most, (candidate) => {
    const marks = marksIn(candidate.body, phrases, question.variants);
    // One more than the page holds says that there is another page.
    if (marks && found.length === limit) return false;
    if (marks) found.push({ candidate, marks });
    return true;
  });
  return { hits: await hitsOf(work, found), next: stopped && cursorAt(found[limit - 1]?.candidate ?? stopped) };
}

/**
 * How many messages `search` finds with all its pages; counting ends with the first thousand, or what takes as long.
 */
export async function count(work: Work, question: MessageCount): Promise<Counted> {
  const { phrases, ask } = read(work, question);
  let counted = 0;
  const stopped = await look(work, { ...ask, below: null, limit: handful.later, whole: false }, mostToCount, (one) => {
    if (!holdsAll(one.body, phrases, question.variants)) return true;
    if (counted === mostCounted) return false;
    counted++;
    return true;
  });
  return { count: counted, more: stopped !== null };
}

/** A question as it is asked of the index, and what the literal check looks for. */
function read(work: Work, { query, variants, prefix, ...filters }: MessageCount) {
  const phrases = phrasesOf(query, { variants, prefix });
  const needed = phrases.map(({ indexed, open }) => tokensOfPhrase(indexed, open));
  const tokens = [...new Set(needed.flatMap((one) => one.tokens))];
  const beginning = needed.find((one) => one.beginning !== null)?.beginning ?? null;
  if (tokens.length === 0 && beginning === null) throw malformed('query: holds nothing that can be searched for');
  if (tokens.length > 200) throw malformed('query: is too long; use fewer words');
  const ask = { readerId: work.person(), mayBrowse: work.may('channels.browse'), tokens, beginning, ...filters };
  return { phrases, ask };
}

/**
 * Shows candidates to `visit`, newest first, until it says no, there are no more, or the budget is spent. Answers the
 * place of the last one it agreed to go beyond; null when there are no more.
 */
async function look(
  work: Work,
  ask: Ask,
  budget: { candidates: number; characters: number },
  visit: (candidate: Candidate) => boolean,
): Promise<Place | null> {
  const engine = work.use(searchEngine);
  const slices = new Slices();
  let { below, limit } = ask;
  let characters = 0;
  for (let seen = 0; seen < budget.candidates && characters < budget.characters;) {
    const asked = { ...ask, below, limit, whole: ask.whole && seen === 0 };
    const candidates = await slices.awaiting(engine.candidates(work.db, asked));
    for (const candidate of candidates) {
      if (slices.isOver()) await slices.next();
      characters += candidate.body.length;
      if (!visit(candidate)) return below;
      below = candidate;
    }
    seen += candidates.length;
    if (candidates.length < limit) return null;
    limit = handfulOf(characters / seen);
  }
  return below;
}

/** How many candidates of this length on average are read in one go. */
const handfulOf = (length: number): number =>
  Math.max(5, Math.min(handful.later, Math.floor(charactersAtOnce / Math.max(1, length))));

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
