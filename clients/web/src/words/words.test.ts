import { expect, test } from 'vitest';
import { initialsOf } from '@parley/look/initials.ts';
import { preferredLanguage, together } from '@parley/look/languages.ts';
import { differences, missing } from '@parley/look/testing/words.ts';
import { plainText } from '../conversations/plain.ts';
import { comboOf, shortcuts } from '../keys/shortcuts.ts';
import { deviceName } from '@parley/look/device.ts';
import { chinese } from './chinese.ts';
import { i18n } from './i18n.ts';

const english = i18n.global.getLocaleMessage('en');

test('both languages say the same things, with the same blanks to fill', () => {
  expect(differences(english, together(chinese))).toEqual([]);
});

test('every sentence that is asked for by name is there', () => {
  const sources = import.meta.glob<string>(['../**/*.{vue,ts}', '../../../look/*.vue'], {
    eager: true,
    query: '?raw',
    import: 'default',
  });
  expect(missing(sources, english)).toEqual([]);
  expect(missing({ here: `t('talk.today') t('talk.never')` }, english)).toEqual(['here asks for talk.never']);
});

test('two folders that name a section alike are a mistake', () => {
  expect(() => together({ a: { talk: {} }, b: { talk: {} } })).toThrow(
    `the section "talk" is another folder's already`,
  );
});

test('the language is the first one wished for that is spoken here', () => {
  expect(preferredLanguage(['de-DE', 'zh-TW', 'en'])).toBe('zh-CN');
  expect(preferredLanguage(['en-GB', 'zh'])).toBe('en');
  expect(preferredLanguage(['de'])).toBe('en');
});

test.each([
  ['Ada Lindqvist', 'AL'],
  ['林晓雯', '晓雯'],
  ['Wang Xiaoming (王小明)', 'WX'],
  ['gitbot', 'G'],
  ['jean-luc', 'JL'],
  ['...', '?'],
])('%s is drawn as %s', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

test.each([
  ['**Bold** and `code`', 'Bold and code'],
  ['- one\n- two', 'one two'],
  ['# Title\ntext', 'Title text'],
  ['```ts\nlet a;\n```', 'let a;'],
  ['[site](https://example.org)', 'site'],
  ['<@01a20ad9-959b-7406-843a-13674dc7bc59> hi', '@Ada hi'],
  ['2 * 3 * 4', '2 * 3 * 4'],
])('%j reads %j in a list', (body, line) => {
  expect(plainText(body, () => 'Ada')).toBe(line);
});

test('no two shortcuts of one scope share their keys, and each is what a keyboard sends', () => {
  for (const scope of ['everywhere', 'writing', 'reading']) {
    const keys = shortcuts.filter((shortcut) => shortcut.scope === scope).map((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
  }
  const pressed = (key: string, more = {}) =>
    comboOf({ key, altKey: false, shiftKey: false, ctrlKey: false, metaKey: false, ...more });
  expect([
    pressed('k', { ctrlKey: true }),
    pressed('?', { shiftKey: true }),
    pressed('ArrowUp', { altKey: true, shiftKey: true }),
    pressed('P', { ctrlKey: true, shiftKey: true }),
  ]).toEqual(['Mod+K', '?', 'Alt+Shift+ArrowUp', 'Mod+Shift+P']);
});

test('a device is called by its browser and system', () => {
  expect(deviceName('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(
    'Firefox, Windows',
  );
  expect(deviceName('curl/8')).toBe('Browser');
});
