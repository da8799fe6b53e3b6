import { exact, inPlace, loose, type Folding } from './folding.ts';
import { beginsWord } from './tokens.ts';

/**
 * What was asked for: a text that must occur, in folded form, and in that of the index. `open`: its last word may go
 * on.
 */
export type Phrase = { text: string; indexed: string; open: boolean };

/** How to read a question: `variants` are alike as well, and the word at its very end may be the beginning of one. */
export type Reading = { variants: boolean; prefix: boolean };

const foldingOf = ({ variants }: Pick<Reading, 'variants'>): Folding => (variants ? loose : exact);

/** Splits a query into "quoted phrases" and words. An unclosed quote ends with the text. */
export function phrasesOf(query: string, reading: Reading = { variants: false, prefix: false }): Phrase[] {
  const folding = foldingOf(reading);
  const found: Phrase[] = [];
  for (const match of query.replaceAll(/[“”「」『』]/g, '"').matchAll(/"([^"]*)("?)|([^\s"]+)/g)) {
    const [whole, quoted, end, word] = match;
    const asked = (quoted ?? word)!;
    const text = withEvenBlanks(folding.plain(asked)).trim();
    // What is still being written stands at the very end, and no quote or blank has closed it.
    const open = reading.prefix && match.index + whole.length === query.length && !end && /\S$/.test(asked);
    const same = found.find((phrase) => phrase.text === text);
    if (text && !same) found.push({ text, indexed: loose.plain(asked), open });
    else if (same && !open) same.open = false;
  }
  return found;
}

/** Marks one message is shown with: they are shared out, so that each phrase keeps some. */
const mostMarks = 200;

/**
 * Where a body literally holds each phrase, as [start, end) in the original text; null when one is missing. An end of a
 * phrase that is a letter or digit must not have another one glued to it: "art" is not in "start", but ".net" is in
 * "ASP.NET" and "c++" in "c++11". Scripts without blanks have no such ends. Many places of one phrase are not all told.
 */
export function marksIn(body: string, phrases: readonly Phrase[], variants = false): [number, number][] | null {
  const folding = foldingOf({ variants });
  // Most of what a search looks at in vain is dismissed here: without places this costs a tenth.
  if (!holdsAll(body, phrases, variants)) return null;
  const { plain, places } = folding.placed(body);
  const { text, back } = foldBlanks(plain);
  const each = Math.max(1, Math.floor(mostMarks / phrases.length));
  const marks: [number, number][] = [];
  for (const phrase of phrases) {
    let told = 0;
    for (const at of placesOf(text, phrase)) {
      marks.push([places[back[at]!]!, endOf(places, back[at + phrase.text.length - 1]!)]);
      if (++told === each) break;
    }
  }
  return marks.sort((a, b) => a[0] - b[0]);
}

/** Whether a body literally holds every phrase. */
export function holdsAll(body: string, phrases: readonly Phrase[], variants = false): boolean {
  const plain = foldingOf({ variants }).plain(body);
  const text = withEvenBlanks(plain);
  return phrases.every((phrase) => text.includes(phrase.text)) && phrases.every((phrase) => has(text, phrase));
}

const has = (text: string, phrase: Phrase): boolean => !placesOf(text, phrase).next().done;

/** Where a phrase stands in a folded text, with its ends free where they must be. */
function* placesOf(text: string, { text: phrase, open }: Phrase): Generator<number> {
  const startsWord = beginsWord(phrase);
  const endsWord = beginsWord(lastSign(phrase));
  for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + 1)) {
    const end = at + phrase.length;
    const free = !startsWord || !beginsWord(lastSign(text.slice(Math.max(0, at - 2), at)));
    if (free && (open || !goesOn(text, end, endsWord))) yield at;
  }
}

/** Whether what ends here goes on: a mark belongs to the sign before it, and a letter to the word before it. */
function goesOn(text: string, end: number, endsWord: boolean): boolean {
  const next = text.slice(end, end + 2);
  return /^[\p{Mn}\p{Mc}]/u.test(next) || (endsWord && beginsWord(next));
}

const lastSign = (text: string): string => [...text.slice(-2)].at(-1) ?? '';

/** The place behind the sign this unit came from: a sign may have become many units. */
function endOf(places: Uint32Array, unit: number): number {
  let next = unit + 1;
  while (places[next] === places[unit]) next++;
  return places[next]!;
}

/** Folded white space of any length is one blank. */
const withEvenBlanks = (plain: string): string => plain.replaceAll(/ {2,}/g, ' ');

function foldBlanks(plain: string): { text: string; back: Uint32Array } {
  if (!plain.includes('  ')) return { text: plain, back: inPlace(plain.length) };
  let text = '';
  const back: number[] = [];
  let blank = false;
  for (let i = 0; i < plain.length; i++) {
    const isBlank = plain[i] === ' ';
    if (isBlank && blank) continue;
    blank = isBlank;
    text += plain[i];
    back.push(i);
  }
  back.push(plain.length);
  return { text, back: Uint32Array.from(back) };
}
