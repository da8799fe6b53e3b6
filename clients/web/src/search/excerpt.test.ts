import { expect, test } from 'vitest';
import { excerptOf } from './excerpt.ts';

const ada = '01a20ad9-959b-7406-843a-13674dc7bc59';
/** Marks as the reader sees them: [like this]. */
const drawn = (body: string, ...marks: [number, number][]) =>
  excerptOf(body, marks, (id) => (id === ada ? 'Ada' : 'Someone'))
    .map(({ text, marked }) => (marked ? `[${text}]` : text))
    .join('');
const markOf = (body: string, text: string): [number, number] => [body.indexOf(text), body.indexOf(text) + text.length];

test.each([
  ['the launch is on Friday', ['launch'], 'the [launch] is on Friday'],
  ['launch', ['launch'], '[launch]'],
  ['a launch, a date', ['launch', 'date'], 'a [launch], a [date]'],
  ['git reset --hard', ['reset --hard', 'reset'], 'git [reset --hard]'],
  ['two\n\n  lines', ['lines'], 'two [lines]'],
  ['企业即时通讯平台', ['即时'], '企业[即时]通讯平台'],
  ['即时通讯', ['即时', '时通'], '[即时通]讯'],
  [`<@${ada}> knows`, ['knows'], '@Ada [knows]'],
  [`ask <@${ada}>`, ['959b'], 'ask [@Ada]'],
  ['<b onclick=x>bold</b>', ['bold'], '<b onclick=x>[bold]</b>'],
])('%j, looked at for %j, is shown as %j', (body, texts, wanted) => {
  expect(drawn(body, ...texts.map((text) => markOf(body, text)))).toBe(wanted);
});

test('a long body is cut around its first mark, at words where there are words', () => {
  const body = `${'some words before '.repeat(20)}needle${' some words after'.repeat(40)}`;
  const text = drawn(body, markOf(body, 'needle'));
  expect(text).toMatch(/^…(some|words|before) .* \[needle\] some words after.*…$/);
  expect(text.length).toBeLessThan(280);
  const chinese = `${'这里有很多字'.repeat(40)}针${'后面也有很多字'.repeat(60)}`;
  expect(drawn(chinese, markOf(chinese, '针'))).toMatch(/^….{40,60}\[针\].*…$/u);
});

test('nothing is cut in half: neither a sign of two units nor a mention', () => {
  for (let shift = 0; shift < 4; shift++) {
    const body = `${'x'.repeat(shift)}${'🎉'.repeat(100)}needle${'🎉'.repeat(300)}`;
    const text = drawn(body, markOf(body, 'needle'));
    expect(text.isWellFormed()).toBe(true);
  }
  for (let gap = 0; gap < 60; gap++) {
    const body = `${'y'.repeat(90)}<@${ada}>${'z'.repeat(gap)}needle${'z'.repeat(150 + gap)}<@${ada}>${'q'.repeat(300)}`;
    const text = drawn(body, markOf(body, 'needle'));
    expect(text.replaceAll('@Ada', '')).not.toMatch(/[@<>-]/);
  }
});

test('a body without marks is shown from its beginning', () => {
  expect(drawn('just a text')).toBe('just a text');
});
