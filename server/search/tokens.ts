/*
 * One tokenizer for indexing and asking, whatever engine holds the index. Tokens only find candidates; the literal check (`literal.ts`)
 * decides. So a token may be too coarse, and must never be missing.
 */

const cjk = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}々〆ー]/u;
const cluster = /\P{M}\p{M}*/gu;
const pieces = /([\p{L}\p{N}\p{M}]+)|([^\s\p{L}\p{N}\p{M}])/gu;

/** Characters beyond which a single word is cut: nobody asks for longer ones, and an index row must not hold them. */
const longestWord = 64;
/** Distinct tokens one message may have: a pasted log of 20,000 characters stays far below. */
const mostTokens = 12_000;

/** Text as it is compared: NFKC and lower case, cluster by cluster, with the place of each unit in the original. */
export function normalise(text: string): { plain: string; places: Uint32Array } {
  let plain = '';
  const places: number[] = [];
  for (const match of text.matchAll(cluster)) {
    const folded = match[0].normalize('NFKC').toLowerCase();
    for (let i = 0; i < folded.length; i++) places.push(match.index);
    plain += folded;
  }
  places.push(text.length);
  return { plain, places: Uint32Array.from(places) };
}

export const plainOf = (text: string): string => (isPlainAscii(text) ? text.toLowerCase() : normalise(text).plain);

const isPlainAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);

/**
 * The tokens of a plain text, each once: words of other scripts whole, CJK characters alone and as overlapping pairs, every other sign alone.
 * A run of letters that changes between CJK and others is cut there.
 */
export function tokensOf(plain: string): string[] {
  const tokens = new Set<string>();
  for (const [, letters, sign] of plain.matchAll(pieces)) {
    if (tokens.size >= mostTokens) break;
    if (sign !== undefined) tokens.add(sign);
    else addLetters(tokens, letters!);
  }
  return [...tokens];
}

function addLetters(tokens: Set<string>, letters: string): void {
  let word = '';
  let before = '';
  const close = () => {
    if (word) tokens.add(word.slice(0, longestWord));
    word = '';
  };
  for (const sign of letters) {
    if (cjk.test(sign)) {
      close();
      tokens.add(sign);
      if (before) tokens.add(before + sign);
      before = sign;
    } else {
      word += sign;
      before = '';
    }
  }
  close();
}

/** Whether this character belongs to CJK writing, where a match may begin and end anywhere. */
export const isCjk = (sign: string): boolean => cjk.test(sign);

/**
 * The tokens a message must have to hold this phrase. Words at the phrase's ends are whole (the literal check wants them so), and pairs suffice
 * where there are any: single characters are asked for only when they stand alone.
 */
export function tokensOfPhrase(phrase: string): string[] {
  const all = tokensOf(phrase);
  const paired = new Set(
    all.filter((token) => [...token].length === 2 && cjk.test(token)).flatMap((pair) => [...pair]),
  );
  return all.filter((token) => !paired.has(token));
}
