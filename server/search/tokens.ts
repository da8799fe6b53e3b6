import { loose } from './folding.ts';

/*
 * One tokenizer for indexing and asking, whatever engine holds the index. Tokens only find candidates; the literal
 * check (`literal.ts`) decides. So a token may be too coarse, and must never be missing: tokens are made of the
 * loosest form.
 */

/** Scripts written without blanks between words: what is looked for may begin and end anywhere in them. */
const unspaced =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}々〆ー\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tai_Le}\p{sc=New_Tai_Lue}\p{sc=Tai_Tham}\p{sc=Tai_Viet}\p{sc=Javanese}\p{sc=Balinese}]/u;
/** Signs that enclose what they follow (keycaps) end a word as other signs do. */
const wordSign = /[\p{L}\p{N}\p{Mn}\p{Mc}]/u;

/** Units beyond which a single word is cut: no one asks for longer ones, and an index row must not hold them. */
const longestWord = 64;

const kinds = { blank: 1, sign: 2, letter: 3, unspaced: 4 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];
/** Kinds of signs by code point, as they are met: regular expressions of scripts are slow. 0: not met yet. */
const met = new Uint8Array(0x110000);

function kindOf(point: number): Kind {
  return (met[point] ||= judge(String.fromCodePoint(point))) as Kind;
}

function judge(sign: string): Kind {
  if (unspaced.test(sign)) return kinds.unspaced;
  if (wordSign.test(sign)) return kinds.letter;
  return /\s/u.test(sign) ? kinds.blank : kinds.sign;
}

/** Whether a text begins with part of a word that must be found whole: a token that does is a word. */
export const beginsWord = (text: string): boolean => text !== '' && kindOf(text.codePointAt(0)!) === kinds.letter;

/**
 * The tokens of a text, each once: words of spaced scripts whole, signs of unspaced ones alone and as overlapping
 * pairs, every other sign alone. A run of letters that changes between the two is cut there.
 */
export function tokensOf(text: string): string[] {
  const tokens = new Set<string>();
  eachToken(loose.plain(text), (token) => tokens.add(token));
  return [...tokens];
}

/** Shows the tokens of a folded text in order. */
function eachToken(plain: string, show: (token: string) => void): void {
  let wordAt = -1;
  let unspacedAt = -1;
  for (let at = 0; at < plain.length;) {
    const point = plain.codePointAt(at)!;
    const end = at + (point > 0xffff ? 2 : 1);
    const kind = kindOf(point);
    if (kind === kinds.letter) {
      if (wordAt < 0) wordAt = at;
    } else if (wordAt >= 0) {
      show(cut(plain.slice(wordAt, at)));
      wordAt = -1;
    }
    if (kind === kinds.sign || kind === kinds.unspaced) show(plain.slice(at, end));
    if (kind === kinds.unspaced && unspacedAt >= 0) show(plain.slice(unspacedAt, end));
    unspacedAt = kind === kinds.unspaced ? at : -1;
    at = end;
  }
  if (wordAt >= 0) show(cut(plain.slice(wordAt)));
}

/** A word as long as an index holds it, never half a sign. */
function cut(word: string): string {
  const short = word.slice(0, longestWord);
  return short.isWellFormed() ? short : short.slice(0, -1);
}

/**
 * The tokens a message must have to hold this phrase, which is in the index's form. Words at the phrase's ends are
 * whole (the literal check wants them so), but for the last one of an `open` phrase, which is told apart as
 * `beginning`. Pairs suffice where there are any: single signs are asked for only when they stand alone.
 */
export function tokensOfPhrase(phrase: string, open = false): { tokens: string[]; beginning: string | null } {
  const all: string[] = [];
  eachToken(phrase, (token) => all.push(token));
  const last = all.at(-1);
  const beginning = open && last !== undefined && beginsWord(last) ? last : null;
  if (beginning !== null) all.pop();
  const paired = new Set(all.filter(isPair).flatMap((pair) => [...pair]));
  return { tokens: [...new Set(all)].filter((token) => !paired.has(token)), beginning };
}

const isPair = (token: string): boolean => kindOf(token.codePointAt(0)!) === kinds.unspaced && [...token].length === 2;
