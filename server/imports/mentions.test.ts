import { expect, test } from 'vitest';
import { isSameText, MentionFinder } from './mentions.ts';

const idOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const people = ['Ida', 'Ida Lund', 'Omar', '王小明', 'José', 'cai-2', 'U024BE7LH', 'İpek', 'alex_k'].map((name, n) => ({
  name,
  id: idOf(n),
}));
const finder = new MentionFinder(people);
/** A text with names in place of ids. */
const shown = (text: string) =>
  finder
    .name(text, [])
    .body.replaceAll(/<@([0-9a-f-]{36})>/g, (_, id: string) => `{${people.find((p) => p.id === id)!.name}}`);

test.each([
  ['@Ida, look', '{Ida}, look'],
  ['@ida lund said', '{Ida Lund} said'],
  ['@IDA LUND!', '{Ida Lund}!'],
  ['so @Omar.', 'so {Omar}.'],
  ['请@王小明看一下', '请{王小明}看一下'],
  ['@Jose\u0301 and @JOSÉ', '{José} and {José}'],
  ['@İPEK', '{İpek}'],
  ['@cai-2: yes', '{cai-2}: yes'],
  ['@alex_k’s', '{alex_k}’s'],
  ['@**Ida Lund** and @_**Omar**', '{Ida Lund} and {Omar}'],
  ['@**Omar|117** wrote', '{Omar} wrote'],
  ['<@U024BE7LH> hi, <@U9|Omar>', '{U024BE7LH} hi, {Omar}'],
  ['[@Omar](https://example.com)', '[{Omar}](https://example.com)'],
  // No one has these names.
  ['@Idas @Ida-Marie @Ida.example.com @nobody', '@Idas @Ida-Marie @Ida.example.com @nobody'],
  ['@**Ida Lund Extra** @**all** <@U1>', '@**Ida Lund Extra** @**all** <@U1>'],
  ['ida@Omar.example a@Ida', 'ida@Omar.example a@Ida'],
  ['640 @ Ida', '640 @ Ida'],
  // Code and addresses stay as they are.
  ['`@Omar` and ``a ` @Omar``', '`@Omar` and ``a ` @Omar``'],
  ['```\n@Omar\n```\n@Omar', '```\n@Omar\n```\n{Omar}'],
  ['~~~js\n@Omar', '~~~js\n@Omar'],
  ['code:\n\n    @Omar\n\n@Omar', 'code:\n\n    @Omar\n\n{Omar}'],
  ['https://example.com/@Omar @Omar', 'https://example.com/@Omar {Omar}'],
  ['an odd ` and @Omar', 'an odd ` and {Omar}'],
])('%j reads %j', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test('an id that is written as ours stays, and a list adds whom the text does not name', () => {
  const text = `<@${idOf(99)}> and @Omar`;
  expect(finder.name(text, ['@Ida', 'nobody', 'omar'])).toEqual({
    body: `<@${idOf(99)}> and <@${idOf(2)}>`,
    mentions: [idOf(2), idOf(0)],
  });
});

test('a message of the longest length stays storable', () => {
  const { body, mentions } = finder.name('@Ida '.repeat(4_000), []);
  expect(body.length).toBeLessThanOrEqual(20_000);
  expect(mentions).toEqual([idOf(0)]);
});

test('a stored text is the written one, whichever of its names were known', () => {
  const written = 'hi @Ida Lund, @**Omar**: <@U024BE7LH|x> @Cai `@Ida`';
  expect(isSameText(finder.name(written, []).body, written)).toBe(true);
  expect(isSameText(`hi <@${idOf(0)}> Lund, @**Omar**: <@U024BE7LH|x> @Cai \`@Ida\``, written)).toBe(true);
  expect(isSameText(written, written)).toBe(true);
  expect(isSameText(finder.name(written, []).body, `${written}!`)).toBe(false);
  expect(isSameText(`hi <@${idOf(0)}>`, 'ho @Ida')).toBe(false);
  expect(isSameText(`hi <@${idOf(0)}>`, 'hi Ida')).toBe(false);
});

test('texts made to be slow are read through in linear work', () => {
  for (const part of ['@', '@ida ', '`', '<@', '@**', '@_**a', '``@` ', '```\n', 'https://@']) {
    const text = part.repeat(20_000 / part.length);
    expect(finder.name(text, []).body.length).toBeLessThanOrEqual(Math.max(20_000, text.length));
  }
});
