import { folded, wordStarts } from '@parley/protocol/name-fold.ts';
import { fits } from '@parley/protocol/people.ts';
import type { Fit } from '@parley/protocol/people.ts';

/** How a name answers what was typed; null: not at all. `scattered`: the letters typed begin several of its words. */
export type NameFit = Fit | 'scattered';

/** Less is better: the order in which what is found stands, whatever it is. */
export const rankOf = (fit: NameFit): number => (fit === 'scattered' ? fits.length : fits.indexOf(fit));

/**
 * A middle of a word counts from four letters on. Three stand in the middle of a great many words ("gen" in
 * Vlissingen), and who looks for a name types the beginning of one of its words; four are seldom there by chance
 * ("base" in database).
 */
export const middleLetters = 4;
const scatteredLetters = { least: 3, most: 12 };

/**
 * How well a name answers what was typed, without case and marks. Best is the whole name, then its beginning, then that
 * of words in it, in any order. After these: middles of words, and letters in order of which each begins a word or
 * follows the one before it ("gdes" in general-design; "ran" is not in New conversation). Nothing typed fits everything.
 */
export function fitOf(name: string, typed: string): NameFit | null {
  const query = folded(typed);
  if (!query) return typed.trim() ? null : 'beginning';
  const text = folded(name);
  if (text === query) return 'whole';
  if (text.startsWith(query)) return 'beginning';
  const starts = wordStarts(text);
  const words = query.split(' ');
  const begins = (word: string) => starts.some((at) => text.startsWith(word, at));
  if (words.every(begins)) return 'word';
  if (words.every((word) => begins(word) || (word.length >= middleLetters && text.includes(word)))) return 'middle';
  return words.length === 1 && isScattered(query, text, starts) ? 'scattered' : null;
}

function isScattered(query: string, text: string, starts: readonly number[]): boolean {
  if (query.length < scatteredLetters.least || query.length > scatteredLetters.most) return false;
  // Where in the text the letters so far can end; each next one follows there or begins a later word.
  let ends = starts.filter((at) => text[at] === query[0]);
  for (const letter of query.slice(1)) {
    const first = ends[0];
    if (first === undefined) return false;
    const next = new Set(ends.map((at) => at + 1).filter((at) => text[at] === letter));
    for (const at of starts) if (at > first && text[at] === letter) next.add(at);
    ends = [...next].sort((a, b) => a - b);
  }
  return ends.length > 0;
}
