import { expect, test } from 'vitest';
import { plainText } from '../conversations/plain.ts';
import { rendered } from '../../testing/rendered.ts';

const repeated = (part: string) => (length: number) => part.repeat(Math.ceil(length / part.length)).slice(0, length);
const shapes: Record<string, (length: number) => string> = {
  ...Object.fromEntries(
    [
      '*',
      '_',
      '~~',
      '[',
      '`',
      '<',
      '\\',
      '\\*',
      '\\_a',
      '**a ',
      '_a*',
      '*a **b ',
      '*。',
      '**注意：**请',
      '> ',
      '>a\n',
      '- a\n',
      '1.\n',
      '# ',
      'www.',
      'https://',
      'https://a.com ',
      'https://a.com/(',
      'https://a.com/a中',
      'https://例',
      '@',
      'a@',
      'a@b.com',
      'a.',
      'a-',
      'a.com',
      'C:\\',
      'C:\\_a ',
      '[a](',
      '[[[]]]',
      '](',
      '[\\](',
      '[a](https://a.com/)',
      '[https://a.b]',
      '|a',
      '<@',
      '`a``',
      '\u00ad',
      '中',
    ].map((part) => [part, repeated(part)]),
  ),
  'brackets in brackets': (length) => '['.repeat(length / 2) + ']'.repeat(length / 2),
  'one link of many addresses': (length) => `[${repeated('https://a.com ')(length)}](https://b.com)`,
  'one long address': (length) => `https://a.com/中${repeated('中(')(length)}`,
  'emphasis in emphasis': (length) => '*a '.repeat(length / 6) + ' a*'.repeat(length / 6),
  'runs that grow': (length) => Array.from({ length: Math.sqrt(2 * length) }, (_, n) => '`'.repeat(n + 1)).join(' '),
  'a long table': (length) => `|a|\n|-|\n${repeated('|[a](https://b.c)|\n')(length)}`,
  'a wide table': (length) => `${'|'.repeat(length / 4)}\n${'|-'.repeat(length / 8)}|\n${'|a'.repeat(length / 4)}`,
  'lists in lists': (length) => {
    let text = '';
    for (let depth = 0; text.length < length; depth++) text += `${'  '.repeat(depth)}- a\n`;
    return text;
  },
};

/**
 * Twice the text may cost 2.5 times as much, so four times the text 6.25 times; what grows by the square would cost
 * 16 times. CPU time of this process is compared with itself: as many characters are read either way, so that the
 * memory to clear away is the same as well, and the least of several rounds is taken, so that a slow or busy machine
 * slows both.
 */
const mostTimes = 2.5 ** 2;
test.each(Object.entries(shapes))('%j costs in proportion to its length', (_, shape) => {
  const spent = (text: string, times: number) => {
    const from = process.cpuUsage();
    for (let run = 0; run < times; run++) {
      rendered(text);
      plainText(text, () => 'Ada', text.length);
    }
    const { user, system } = process.cpuUsage(from);
    return user + system;
  };
  const [short, long] = [shape(5_000), shape(20_000)];
  spent(short, 4);
  const times = Math.min(50, Math.ceil(10_000 / (4 * spent(short, 1) + 1)));
  const least = { short: Infinity, long: Infinity };
  const ratio = () => (4 * least.long) / least.short;
  for (let round = 0; round < 15 && (round < 2 || ratio() > mostTimes); round++) {
    least.short = Math.min(least.short, spent(short, 4 * times));
    least.long = Math.min(least.long, spent(long, times));
  }
  expect(ratio()).toBeLessThanOrEqual(mostTimes);
});
