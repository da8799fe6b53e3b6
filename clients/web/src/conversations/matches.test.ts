import { expect, test } from 'vitest';
import { fitOf, rankOf } from './matches.ts';
import type { NameFit } from './matches.ts';

test.each<[name: string, typed: string, fit: NameFit | null]>([
  ['general', 'general', 'whole'],
  ['general', 'GEN', 'beginning'],
  ['the-general', 'gen', 'word'],
  ['Design team', 'team des', 'word'],
  ['José Álvarez', 'alvarez', 'word'],
  ['Müller', 'mull', 'beginning'],
  ['新品发布筹备', '发布', 'word'],
  ['v2-rollout', '2', 'word'],
  ['database', 'base', 'middle'],
  ['database', 'bas', null],
  ['Vlissingen pilot', 'gen', null],
  ['wit-bindgen', 'gen', null],
  ['incidents', 'des', null],
  ['general-design', 'gdes', 'scattered'],
  ['release-train-notes', 'rtn', 'scattered'],
  ['general-design', 'gd', null],
  ['gardening', 'gen', null],
  ['New conversation', 'ran', null],
  ['Browse channels', 'ran', null],
  ['Release Bot', '@so', null],
  ['general', 'xyz', null],
  ['anything', '', 'beginning'],
  ['anything', '-', null],
  ['100%', '%', 'word'],
])('%j, typed %j: %j', (name, typed, fit) => {
  expect(fitOf(name, typed)).toBe(fit);
});

test('beginnings stand before words, words before middles, scattered letters last', () => {
  const found = ['general-design', 'redesigns', 'the-designs', 'designs', 'designs-old'];
  const byRank = found
    .map((name) => ({ name, fit: fitOf(name, name === 'general-design' ? 'gdes' : 'designs')! }))
    .sort((a, b) => rankOf(a.fit) - rankOf(b.fit));
  expect(byRank.map(({ name }) => name)).toEqual([
    'designs',
    'designs-old',
    'the-designs',
    'redesigns',
    'general-design',
  ]);
});
