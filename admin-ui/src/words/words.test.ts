import { expect, test } from 'vitest';
import { together } from '@parley/look/languages.ts';
import { differences, missing, sentences } from '@parley/look/testing/words.ts';
import { chinese } from './chinese.ts';
import { i18n } from './i18n.ts';

const english = i18n.global.getLocaleMessage('en');

test('both languages say the same things, with the same blanks to fill', () => {
  const { operator: _said, ...ours } = together(chinese);
  const { operator: _byTheServer, ...theirs } = english;
  expect(differences(theirs, ours)).toEqual([]);
});

test('every sentence that is asked for by name is there', () => {
  const sources = import.meta.glob<string>(['../**/*.{vue,ts}', '../../../clients/look/*.vue'], {
    eager: true,
    query: '?raw',
    import: 'default',
  });
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  expect(missing(sources, english)).toEqual([]);
});

test('whoever acts for the house has a name in both languages', () => {
  const sources = import.meta.glob<string>(
    ['../../../server/**/*.ts', '../../../scripts/*.ts', '!**/*.test.ts', '!**/testing.ts'],
    {
      eager: true,
      query: '?raw',
      import: 'default',
    },
  );
  const actors = Object.values(sources).flatMap((source) =>
    [...source.matchAll(/\bsystem\('([^']+)'\)/g)].map(([, name]) => `audit.actors.${name!}`),
  );
  expect(actors.length).toBeGreaterThan(3);
  const known = sentences(english);
  expect(actors.filter((name) => !known.has(name))).toEqual([]);
});
