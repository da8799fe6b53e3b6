import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { differences, type Part } from './differences.ts';

const marked = (parts: Part[]) =>
  parts.map(({ text, kind }) => (kind === 'added' ? `+${text}+` : kind === 'removed' ? `-${text}-` : text)).join('');

test.each([
  ['see you at 3', 'see you at 4', 'see you at -3-+4+'],
  ['the same', 'the same', 'the same'],
  ['', 'new', '+new+'],
  ['明天下午三点开会', '明天上午三点开会', '明天-下午-+上午+三点开会'],
  ['one\ntwo', 'one\ntwo\nthree', 'one\ntwo+\nthree+'],
])('differences of %j and %j: %j', (before, after, wanted) => {
  expect(marked(differences(before, after))).toBe(wanted);
});

test('the parts give back both texts, whatever they are', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const parts = differences(before, after);
      const without = (kind: Part['kind']) =>
        parts
          .filter((part) => part.kind !== kind)
          .map((part) => part.text)
          .join('');
      expect([without('added'), without('removed')]).toEqual([before, after]);
    }),
  );
});

test('two long texts without a common word are shown as wholly different', () => {
  const [before, after] = ['a ', 'b '].map((word) => word.repeat(5_000)) as [string, string];
  const other = Array.from({ length: 4_000 }, (_, n) => `w${n}`).join(';');
  expect(differences(before, other)).toEqual([
    { text: before, kind: 'removed' },
    { text: other, kind: 'added' },
  ]);
  expect(differences(after, after)).toEqual([{ text: after, kind: 'same' }]);
});
