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

/** A cluster as it is compared. */
const fold = (cluster: string): string => cluster.normalize('NFKC').toLowerCase();

/** Text as it is compared: NFKC and lower case, cluster by cluster, with the place of each unit in the original. */
export function normalise(text: string): { plain: string; places: Uint32Array } {
  const alike = foldUnits(text);
  if (alike !== null) return { plain: alike, places: inPlace(text.length) };
  let plain = '';
  const places: number[] = [];
  for (const match of text.matchAll(cluster)) {
    const folded = fold(match[0]);
    for (let i = 0; i < folded.length; i++) places.push(match.index);
    plain += folded;
  }
  places.push(text.length);
  return { plain, places: Uint32Array.from(places) };
}

/** What each unit that is a cluster by itself folds to, one unit again; `special` for all others. Filled as they are met; 0 is not met yet. */
const units = new Uint16Array(65_536);
const special = 0xffff;

/** The folded text where every cluster is one unit and stays one, as nearly always; null elsewhere. Clusters cost 12 us a line, this costs 1. */
function foldUnits(text: string): string | null {
  const plain = new Uint16Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const folded = foldedUnit(text, i);
    if (folded === special) return null;
    plain[i] = folded;
  }
  return Buffer.from(plain.buffer).toString('utf16le');
}

/** Every unit at its own place. */
export function inPlace(length: number): Uint32Array {
  if (ownPlaces.length <= length) ownPlaces = Uint32Array.from({ length: 2 * length + 1 }, (_, i) => i);
  return ownPlaces.subarray(0, length + 1);
}
let ownPlaces = new Uint32Array(0);

function foldUnit(unit: string): number {
  const folded = fold(unit);
  return folded.length === 1 && !/[\p{M}\p{Cs}]/u.test(unit + folded) ? folded.charCodeAt(0) : special;
}

export const plainOf = (text: string): string => (isPlainAscii(text) ? text.toLowerCase() : foldAll(text));

const clusterHere = /\P{M}\p{M}*/uy;
/** Units that fit before the room for folded text is made larger. */
let scratch = new Uint16Array(40_000);

/**
 * The plain form alone, as `normalise` makes it. Only clusters that are not one unit, and those that fold to more, are
 * folded one by one.
 */
function foldAll(text: string): string {
  let filled = 0;
  for (let i = 0; i < text.length;) {
    if (filled === scratch.length) enlarge();
    const folded = foldedUnit(text, i);
    if (folded !== special && isBegun(text, i + 1)) {
      scratch[filled++] = folded;
      i++;
      continue;
    }
    let length = 2;
    let plain = folded === special && isBegun(text, i + 2) ? foldedPair(text, i) : null;
    if (plain === null) {
      clusterHere.lastIndex = i;
      const cluster = clusterHere.exec(text)?.[0];
      // A mark on nothing is left out.
      plain = cluster === undefined ? '' : fold(cluster);
      length = cluster?.length ?? (text.codePointAt(i)! > 0xffff ? 2 : 1);
    }
    for (let unit = 0; unit < plain.length; unit++) {
      if (filled === scratch.length) enlarge();
      scratch[filled++] = plain.charCodeAt(unit);
    }
    i += length;
  }
  return Buffer.from(scratch.buffer, 0, 2 * filled).toString('utf16le');
}

function enlarge(): void {
  const larger = new Uint16Array(2 * scratch.length);
  larger.set(scratch);
  scratch = larger;
}

/**
 * Whether a new cluster begins here, as far as that is seen without asking: what comes before has no mark on it
 * then.
 */
const isBegun = (text: string, at: number): boolean =>
  at >= text.length || foldedUnit(text, at) !== special || foldedPair(text, at) !== null;

/** What signs of two units, emoji nearly always, fold to; null for marks. Filled as they are met. */
const pairs = new Map<number, string | null>();

/** The folded form of the sign of two units that stands here; null when there is none, or it is a mark. */
function foldedPair(text: string, at: number): string | null {
  const point = text.codePointAt(at) ?? 0;
  if (point <= 0xffff) return null;
  let folded = pairs.get(point);
  if (folded === undefined) pairs.set(point, (folded = foldPair(String.fromCodePoint(point))));
  return folded;
}

const foldPair = (sign: string): string | null => (/\p{M}/u.test(sign) ? null : fold(sign));

function foldedUnit(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return units[unit] || (units[unit] = foldUnit(text[at]!));
}

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
