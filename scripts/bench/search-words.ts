/*
 * The words of the search benchmark: made, not written, the same each time. English words are told apart by all their letters, so that LIKE and
 * whole words mean the same; Chinese ones are two characters of a few thousand, by frequency, and are asked for cut anywhere.
 */

export type Kind = 'en' | 'zh2' | 'zh4';

/** Numbers below `size`, the same sequence for the same seed. */
export function dice(seed: number): (size: number) => number {
  let state = seed >>> 0;
  return (size) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * size);
  };
}

const vocabulary = 4_000;
const roll = dice(20);

/** Seven letters each: none is part of another. */
const english = Array.from({ length: vocabulary }, (_, n) => {
  let word = '';
  for (let rest = n * 104_729 + 3_000_000, i = 0; i < 7; i++) {
    word += (i % 2 ? 'aeiouy' : 'bcdfghklmnprstvz')[rest % (i % 2 ? 6 : 16)];
    rest = Math.floor(rest / (i % 2 ? 6 : 16));
  }
  return word;
});
const chinese = Array.from({ length: vocabulary }, () =>
  String.fromCodePoint(0x4e00 + roll(3_000), 0x4e00 + roll(3_000)),
);

/** The n-th most frequent word comes about once for n times the first. */
const oneOf = (words: string[], next: (size: number) => number): string =>
  words[Math.floor(vocabulary ** (next(1_000_000) / 1_000_000)) - 1]!;

/** A message: half of them Chinese, a third English, the others mixed. */
export function messageOf(next: (size: number) => number): string {
  const style = next(100);
  const han = (words: number) => Array.from({ length: words }, () => oneOf(chinese, next)).join('');
  const latin = (words: number) => Array.from({ length: words }, () => oneOf(english, next)).join(' ');
  if (style < 55) return `${han(3 + next(6))}，${han(2 + next(6))}。`;
  if (style < 85) return `${latin(4 + next(10))}.`;
  return `${han(3 + next(4))} ${latin(2 + next(4))}`;
}

/** A query that this message holds; null when it holds none of the kind. */
export function queryIn(body: string, kind: Kind, next: (size: number) => number): string | null {
  const runs = [...body.matchAll(kind === 'en' ? /[a-z]{7}/g : /\p{sc=Han}+/gu)].map(([run]) => run);
  const length = { en: 7, zh2: 2, zh4: 4 }[kind];
  const fitting = runs.filter((run) => run.length >= length);
  const run = fitting[next(Math.max(1, fitting.length))];
  if (!run) return null;
  const at = kind === 'en' ? 0 : next(run.length - length + 1);
  return run.slice(at, at + length);
}
