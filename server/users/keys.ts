import type { PersonKind } from '@parley/protocol/people.ts';
import { folded, wordStarts } from '@parley/protocol/name-fold.ts';
import { spellingsOf } from './spellings.ts';

/*
 * What a search finds people, departments and names of conversations by. A key is a beginning that may be typed; a
 * search reads the keys that begin with a typed word. docs/decisions/0027 says why.
 */

/** Counts up whenever keys come out differently: people with keys of an older version get new ones after a start. */
export const keysVersion = 1;

/** What a key is of. The smaller, the better a match. */
export const keyKinds = {
  beginning: 0,
  word: 1,
  spelling: 2,
  /** From within the name, or by a rarer reading. */
  otherSpelling: 3,
  address: 4,
  title: 5,
  /** No key of a person: departments have keys of their own. */
  department: 6,
  middle: 7,
} as const;
export type Key = { kind: number; key: string };

/** Within equal matches colleagues stand before guests, and guests before bots. Each has its own part of the index. */
export const classes: Record<PersonKind, number> = { person: 0, guest: 1, bot: 2, imported: 3 };

/** Letters of a key, and of a typed word, that are compared. */
export const keyLength = 64;
const maxWords = 32;
const maxTitleWords = 12;
const maxMiddles = 24;
/** A middle of a word is no match for less: "an" would find half of all people. */
export const middleLength = 3;

/** The keys of a name: of a person, a department, a conversation. */
export function keysOfName(name: string): Key[] {
  const text = folded(name);
  const starts = wordStarts(text);
  const put = new Keys();
  put.add(keyKinds.beginning, text);
  for (const at of starts.slice(0, maxWords)) if (at > 0) put.add(keyKinds.word, text.slice(at));
  // 山田 太郎 is typed without the space as often as with it.
  if (/ .*\p{Lo}|\p{Lo}.* /u.test(text)) put.add(keyKinds.word, text.replaceAll(' ', ''));
  for (const { text: spelling, isLikely } of spellingsOf(name))
    put.add(isLikely ? keyKinds.spelling : keyKinds.otherSpelling, spelling);
  for (const middle of middlesOf(text, starts)) put.add(keyKinds.middle, middle);
  return put.all();
}

export type Facts = { name: string; email: string | null; title: string | null };

/** The keys of a person. */
export function keysOfPerson({ name, email, title }: Facts): Key[] {
  const put = new Keys(keysOfName(name));
  for (const key of addressKeys(email ?? '')) put.add(keyKinds.address, key);
  const about = folded(title ?? '');
  for (const at of wordStarts(about).slice(0, maxTitleWords)) put.add(keyKinds.title, about.slice(at));
  return put.all();
}

/** Keys without doubles; the first of a kind and text stays. */
class Keys {
  readonly #found = new Map<string, Key>();

  constructor(keys: readonly Key[] = []) {
    for (const { kind, key } of keys) this.add(kind, key);
  }

  add(kind: number, text: string): void {
    const key = cut(text);
    if (key) this.#found.set(`${kind} ${key}`, { kind, key });
  }

  all(): Key[] {
    return [...this.#found.values()];
  }
}

/** The first letters of a text, without half a surrogate pair at the end. */
export const cut = (text: string): string => text.slice(0, keyLength).replace(/[\ud800-\udbff]$/, '');

/** An address from each part of what stands before the @, and that without what separates its parts. */
function addressKeys(email: string): string[] {
  const local = folded(email.slice(0, email.lastIndexOf('@')));
  const whole = folded(email);
  const parts = [...local.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].slice(0, maxWords);
  return [...parts.map(({ index }) => whole.slice(index)), local.replace(/[^\p{L}\p{M}\p{N}]/gu, '')];
}

/** What follows from each letter within a word, to the end of the word. */
function middlesOf(text: string, starts: number[]): string[] {
  const begins = new Set(starts);
  const found: string[] = [];
  for (let at = 1; at <= text.length - middleLength && found.length < maxMiddles; at++) {
    if (begins.has(at) || !isLetter(text[at]!) || !isLetter(text[at - 1]!)) continue;
    const middle = /^\p{L}+/u.exec(text.slice(at, at + keyLength))![0];
    if (middle.length >= middleLength) found.push(middle);
  }
  return found;
}

const isLetter = (sign: string) => /\p{L}/u.test(sign);
