import { diffArrays } from 'diff';

export type Part = { text: string; kind: 'same' | 'added' | 'removed' };

/**
 * Changed words beyond which two texts are shown as wholly different: searching further takes long, and no one could
 * read the result.
 */
const mostChanges = 1_000;

// Chinese has no blanks between words: the browser knows where they end.
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const wordsIn = (text: string) => Array.from(words.segment(text), ({ segment }) => segment);

/** What became of one text in another, word by word, in the order of reading. */
export function differences(before: string, after: string): Part[] {
  const found = diffArrays(wordsIn(before), wordsIn(after), { maxEditLength: mostChanges });
  const parts: Part[] = found
    ? found.map(({ value, added, removed }) => ({
        text: value.join(''),
        kind: added ? 'added' : removed ? 'removed' : 'same',
      }))
    : [
        { text: before, kind: 'removed' },
        { text: after, kind: 'added' },
      ];
  return parts.filter(({ text }) => text !== '');
}
