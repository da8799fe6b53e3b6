import { expect, test } from 'vitest';
import { emailAddress, faultOfName, name, text } from './words.ts';

const codes = (word: string) => [...word].map((sign) => sign.codePointAt(0)!.toString(16)).join(' ');

test.each([
  'Ada Lovelace',
  '陈雨桐',
  'O’Neil',
  'José',
  '👩‍💻 Team',
  '❤️ love',
  '1️⃣ first',
  '👍🏽',
  '🏳️‍🌈 pride',
  '葛\u{e0100}城',
  'کتاب‌ها',
  'क्‍ष',
  '한글',
  'ﾊﾞｸﾞ',
  '#general (v2)',
])('%s is a name', (word) => {
  expect(faultOfName(word)).toBeNull();
});

test.each(
  [
    '\u200b',
    'a\u200bb',
    'Ad\u200da',
    '\u2800',
    '\u202eevil',
    '\u2066x\u2069',
    '\u200ex',
    'x\u061cy',
    'a\nb',
    'a\tb',
    'a\u0000b',
    'a\u2028b',
    'a\u00adb',
    'x\ufeffy',
    '\u3164',
    '\u115f\u1160',
    '\u180e',
    '\u3000',
    ' ',
    '\u0301',
    '\ue000',
    'A\ufe0f',
    'x\u{e0041}',
  ].map((word) => [codes(word), word] as const),
)('the signs %s are refused as a name', (_codes, word) => {
  expect(name(200).safeParse(word).success).toBe(false);
});

test('a name arrives composed and without outer spaces', () => {
  expect(name(200).parse('  Jose\u0301 ')).toBe('José');
  expect(emailAddress(200).parse(' Jose\u0301@example.com')).toBe('José@example.com');
});

test.each(['a\u200b@example.com', 'a@exam\u202eple.com', 'a b@example.com', 'a@b@c', 'a', '@b'])(
  'the address %j is refused',
  (address) => {
    expect(emailAddress(200).safeParse(address).success).toBe(false);
  },
);

test('a text of nothing that can be seen is empty', () => {
  for (const word of ['\u200b', ' \u2800 ', '\u3164', '\ufeff']) expect(text(200).safeParse(word).success).toBe(false);
  expect(text(200).safeParse('a\u200bb').success, 'within what is said they stay').toBe(true);
});
