import { expect, test } from 'vitest';
import { mentionAt, toBody, toText } from './mentions.ts';

const ada = '01a20ad9-959b-7406-843a-13674dc7bc59';
const adaLin = '01a20ad9-959b-7406-843a-13674dc7bc60';
const named = { Ada: ada, 'Ada Lin': adaLin, 林晓雯: ada };

test.each([
  ['Hi @Ada, look', `Hi <@${ada}>, look`],
  ['Hi @Ada Lin!', `Hi <@${adaLin}>!`],
  ['@Adam is somebody else', '@Adam is somebody else'],
  ['mail me@Ada.example', 'mail me@Ada.example'],
  ['请@林晓雯看一下', `请<@${ada}>看一下`],
  ['nobody here', 'nobody here'],
])('%s is sent as %s', (written, sent) => {
  expect(toBody(written, named)).toBe(sent);
});

test('a stored body is written as names, and comes back as it was', () => {
  const body = `<@${ada}> and <@${adaLin}>: ready?`;
  const { text, named: found } = toText(body, (id) => (id === ada ? 'Ada' : 'Ada Lin'));
  expect(text).toBe('@Ada and @Ada Lin: ready?');
  expect(toBody(text, found)).toBe(body);
});

test('two people of one name stay two people', () => {
  const body = `<@${ada}> <@${adaLin}>`;
  const { text, named: found } = toText(body, () => 'Ada');
  expect(toBody(text, found)).toBe(body);
});

test.each([
  ['@', 1, { from: 0, query: '' }],
  ['hello @be', 9, { from: 6, query: 'be' }],
  ['你好，@林', 5, { from: 3, query: '林' }],
  ['a@b.example', 4, null],
  ['hello @be more', 14, null],
  ['', 0, null],
])('%j at %i asks for %j', (text, caret, asked) => {
  expect(mentionAt(text, caret)).toEqual(asked);
});
