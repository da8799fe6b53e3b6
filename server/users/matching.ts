import { folded } from '@parley/protocol/name-fold.ts';
import type { Work } from '../kernel/work.ts';
import { classes, cut, keyKinds, middleLength } from './keys.ts';

/*
 * What is asked for when people are searched, and the one rule of what matches it, for the chat and the console alike:
 * every word typed begins a key of the person, or of the name of their department.
 */

/**
 * One typed word: the range of keys that begin with it, the departments whose names have such a key, and, where several
 * words were typed, how many keys of people there are, up to `manyKeys`. `isBehind`: some people have no keys yet.
 */
export type Word = {
  text: string;
  low: string;
  high: string;
  kinds: number[];
  departments: string[];
  count: number;
  isBehind: boolean;
};

/** What was typed. `words` is null where no name could ever match. */
export type Asked = { phrase: string; words: Word[] | null };

/** Puts a value among a statement's parameters and returns its sign. */
export type Put = (value: unknown) => string;

/** More words than a name and its department have; what is typed beyond them is not looked at. */
const maxWords = 8;
/** The greatest code point: behind everything that begins with a word. */
const last = '\u{10ffff}';

const allKinds = Object.values(keyKinds);
const withoutMiddles = allKinds.filter((kind) => kind !== keyKinds.middle);

/** Reads what was typed. `without` names kinds of keys that must not match, for those who may not know of them. */
export async function readQuery(work: Work, query: string, without: readonly number[] = []): Promise<Asked> {
  const phrase = cut(folded(query));
  const texts = [...new Set(folded(query).split(' ').filter(Boolean).map(cut))].slice(0, maxWords);
  if (texts.length === 0) return { phrase, words: query.trim() === '' ? [] : null };
  const known = await lookUp(work, texts);
  return {
    phrase,
    words: texts.map((text, at) => ({
      text,
      ...rangeOf(text),
      kinds: (isShort(text) ? withoutMiddles : allKinds).filter((kind) => !without.includes(kind)),
      ...known[at]!,
    })),
  };
}

const isShort = (text: string) => [...text].length < middleLength;
const rangeOf = (text: string) => ({ low: text, high: text + last });
/** The range of all keys. */
export const everything = rangeOf('');

/** How far keys are counted: which word is the rarest must be known only among the rare. */
const manyKeys = 3_000;

/** A single letter is no department: it would be most of them. */
const lookUp = (work: Work, texts: readonly string[]): Promise<Pick<Word, 'departments' | 'count' | 'isBehind'>[]> =>
  work.db.rows(
    `select array(select distinct k.department_id from department_keys k where length(w.low) > 1 and k.key >= w.low and k.key < w.high) as departments,
       (select count(*)::int from (select from person_keys k where $3 and k.class = any ('{0,1,2}') and k.kind = any ('{0,1,2,3,4,5}')
         and k.key >= w.low and k.key < w.high limit ${manyKeys}) k) as count,
       exists (select from keys_due) as "isBehind"
     from unnest($1::text[], $2::text[]) with ordinality as w (low, high, n) order by w.n`,
    [texts, texts.map((text) => text + last), texts.length > 1],
    'words of a search',
  );

/**
 * Whether a key `k` begins with the word. Said by the kinds that do not count: told those that do, the planner walks
 * them all for each person, where it has one index by person and key.
 */
export const begins = ({ low, high, kinds }: Word, put: Put): string =>
  `k.key >= ${put(low)} and k.key < ${put(high)} and k.kind <> all (${put(allKinds.filter((kind) => !kinds.includes(kind)))}::smallint[])`;

/** Whether `u`, a row at hand, matches the word. An `exists` would be hashed: all that begins with the word, for a few rows. */
export const matchesWord = (word: Word, put: Put): string =>
  `((select true from person_keys k where k.user_id = u.id and ${begins(word, put)} limit 1)
    or u.department_id = any (${put(word.departments)}::uuid[])${word.isBehind ? ` or ${unkeyed(word, put)}` : ''})`;

/** As `matchesWord`, for lists that look people up by the word instead of judging row by row: one walk a class and kind. */
export const amongMatches = (word: Word, put: Put): string =>
  `u.id in (select k.user_id from person_keys k
      where k.class = any (${put(Object.values(classes))}::smallint[]) and k.kind = any (${put(word.kinds)}::smallint[])
        and k.key >= ${put(word.low)} and k.key < ${put(word.high)}
    union select p.id from users p where p.department_id = any (${put(word.departments)}::uuid[])
    ${word.isBehind ? `union select u.id from keys_due k join users u using (id) where ${unkeyed(word, put)}` : ''})`;

/** People whose keys are still to be written, after an upgrade, are found by what their name holds as it is written. */
export const unkeyed = (word: Word, put: Put): string =>
  `(strpos(lower(u.name), ${put(word.text)}) > 0 and exists (select from keys_due due where due.id = u.id))`;
