import { inPlace, isCjk, normalise, plainOf } from './tokens.ts';

/** What was asked: phrases that must all occur, in plain form. */
export type Phrases = string[];

/** Splits a query into "quoted phrases" and words. An unclosed quote ends with the text. */
export function phrasesOf(query: string): Phrases {
  const found: string[] = [];
  for (const [, quoted, word] of query.replaceAll(/[“”「」『』]/g, '"').matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const phrase = plainOf((quoted ?? word)!.trim()).replaceAll(/\s+/g, ' ');
    if (phrase && !found.includes(phrase)) found.push(phrase);
  }
  return found;
}

const wordSign = /[\p{L}\p{N}\p{M}]/u;
const pictograph = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Variation_Selector}/u;
const endsAnywhere = (sign: string): boolean => isCjk(sign) || (pictograph.test(sign) && !/[\d#*]/.test(sign));
const isWordSign = (sign: string): boolean => wordSign.test(sign) && !isCjk(sign);

/**
 * Where a body literally holds each phrase, as [start, end) in the original text; null when one is missing. A phrase must not have a letter or
 * digit glued to its ends: "art" is not in "start", nor "c++" in "c++11". CJK writing and emoji have no such ends: people glue words to them.
 */
export function marksIn(body: string, phrases: Phrases): [number, number][] | null {
  // Most of what a search looks at in vain is dismissed here: without places this costs a tenth.
  if (!mayHold(body, phrases)) return null;
  const { plain, places } = normalise(body);
  // White space of any kind and length counts as one blank, as people remember it.
  const { text, back } = foldBlanks(plain);
  const marks: [number, number][] = [];
  for (const phrase of phrases) {
    const before = marks.length;
    for (let at = text.indexOf(phrase); at >= 0 && marks.length < 200; at = text.indexOf(phrase, at + 1)) {
      if (standsFree(text, at, at + phrase.length, phrase))
        marks.push([places[back[at]!]!, places[back[at + phrase.length]!]!]);
    }
    if (marks.length === before) return null;
  }
  return marks.sort((a, b) => a[0] - b[0]);
}

function mayHold(body: string, phrases: Phrases): boolean {
  const plain = plainOf(body);
  const text = hasUnevenBlanks(plain) ? plain.replaceAll(/[\0-\x20\u00a0]+/g, ' ') : plain;
  return phrases.every((phrase) => text.includes(phrase));
}

function standsFree(text: string, start: number, end: number, phrase: string): boolean {
  const first = String.fromCodePoint(phrase.codePointAt(0)!);
  const last = lastSign(phrase);
  return (
    (endsAnywhere(first) || !isWordSign(lastSign(text.slice(Math.max(0, start - 2), start)))) &&
    (endsAnywhere(last) || !isWordSign(firstSign(text.slice(end, end + 2))))
  );
}

const firstSign = (text: string): string => (text ? String.fromCodePoint(text.codePointAt(0)!) : '');
const lastSign = (text: string): string => [...text].at(-1) ?? '';

/** Whether any white space is more, or something else, than one blank. */
const hasUnevenBlanks = (plain: string): boolean => / {2}|[^\S ]|\p{Cc}/u.test(plain);

function foldBlanks(plain: string): { text: string; back: Uint32Array } {
  if (!hasUnevenBlanks(plain)) return { text: plain, back: inPlace(plain.length) };
  let text = '';
  const back: number[] = [];
  let blank = false;
  for (let i = 0; i < plain.length; i++) {
    const isBlank = plain.charCodeAt(i) <= 32 || plain[i] === ' ' || plain[i] === '\u00a0';
    if (isBlank && blank) continue;
    blank = isBlank;
    text += isBlank ? ' ' : plain[i];
    back.push(i);
  }
  back.push(plain.length);
  return { text, back: Uint32Array.from(back) };
}
