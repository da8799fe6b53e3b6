import { expect, test } from 'vitest';
import { csvOf } from './csv.ts';
import { bucketsOf, daysFrom, isDay, todayIn } from './days.ts';
import { daysOf, presets, readQuestion, variablesOf, writeQuestion } from './question.ts';
import { changeOf, stepsOf, type Series } from './series.ts';

const today = '2026-03-11'; // a Wednesday

test('a preset holds today, whole weeks and whole months, and compares weekdays where it can', () => {
  expect(presets.map((preset) => [preset, ...Object.values(daysOf(preset, today))])).toEqual([
    ['7d', '2026-03-05', '2026-03-12'],
    ['28d', '2026-02-12', '2026-03-12'],
    ['12w', '2025-12-22', '2026-03-12'],
    ['12m', '2025-04-01', '2026-03-12'],
    ['month', '2026-03-01', '2026-03-12'],
    ['last', '2026-02-01', '2026-03-01'],
  ]);
});

test.each([
  [{}, '28d', 'day', '2026-02-12'],
  [{ range: '12m' }, '12m', 'month', '2025-04-01'],
  [{ range: '12w', by: 'day' }, '12w', 'day', '2025-12-22'],
  [{ from: '2025-01-01', until: '2025-12-31' }, null, 'week', '2025-01-01'],
  [{ from: '2015-01-01', until: '2025-12-31', by: 'day' }, null, 'month', '2015-01-01'],
  // What nobody understands is left out.
  [{ range: 'ever', by: 'hour', from: '2026-02-31', until: '2026-03-01', bots: 'all' }, '28d', 'day', '2026-02-12'],
  [{ from: '2026-03-02', until: '2026-03-01' }, '28d', 'day', '2026-02-12'],
])('the address %j asks for %s by %s from %s, and is written back as itself', (query, preset, grain, from) => {
  const question = readQuestion(query, today);
  expect(question).toMatchObject({ preset, grain, from });
  expect(readQuestion(writeQuestion(question), today)).toEqual(question);
});

test('the usual question leaves the address empty, and every filter comes back from it', () => {
  expect(writeQuestion(readQuestion({}, today))).toEqual({});
  const narrowed = {
    metric: 'people.active',
    range: '7d',
    department: 'd1',
    scope: 'own',
    kinds: 'direct,group',
    bots: 'only',
  };
  const question = readQuestion(narrowed, today);
  expect(writeQuestion(question)).toEqual(narrowed);
  expect(variablesOf(question, 'UTC')).toEqual({
    from: '2026-03-05',
    to: '2026-03-12',
    grain: 'day',
    timeZone: 'UTC',
    departmentId: 'd1',
    departmentScope: 'own',
    conversationKinds: ['direct', 'group'],
    bots: true,
  });
});

test('weeks begin on Monday, months on their first, and no day is lost where the clocks change', () => {
  expect(bucketsOf('2026-02-26', '2026-03-10', 'week')).toEqual(['2026-02-23', '2026-03-02', '2026-03-09']);
  expect(bucketsOf('2025-12-31', '2026-02-01', 'month')).toEqual(['2025-12-01', '2026-01-01']);
  expect(bucketsOf('2026-03-01', '2026-04-01', 'day')).toHaveLength(31);
  expect(daysFrom('2026-01-01', '2027-01-01')).toBe(365);
  expect(['2026-02-29', '2024-02-29', '2026-2-1', 7].map(isDay)).toEqual([false, true, false, false]);
  const midnightInUtc = Date.parse('2026-03-11T00:30:00Z');
  expect(['America/New_York', 'UTC', 'Asia/Shanghai'].map((zone) => todayIn(zone, midnightInUtc))).toEqual([
    '2026-03-10',
    '2026-03-11',
    '2026-03-11',
  ]);
});

test('a step without events is 0, a step cut by the range says so, and what goes on says so', () => {
  const series = {
    points: [{ bucket: '2026-03-02', value: 5 }],
    total: 5,
    previous: { from: '2026-02-12', to: '2026-02-26', points: [{ bucket: '2026-02-16', value: 4 }], total: 4 },
  } as unknown as Series;
  const question = { ...readQuestion({ from: '2026-02-26', until: '2026-03-11', by: 'week' }, today) };
  expect(
    stepsOf(series, question, today).map(({ value, before, partial, running, ahead }) => [
      value,
      before,
      partial,
      running,
      ahead,
    ]),
  ).toEqual([
    [0, 0, true, false, false],
    [5, 4, false, false, false],
    [0, 0, true, true, false],
  ]);
  const later = readQuestion({ from: '2026-03-10', until: '2026-03-12' }, today);
  expect(stepsOf(series, later, today).map(({ running, ahead }) => [running, ahead])).toEqual([
    [false, false],
    [true, false],
    [false, true],
  ]);
});

test.each([
  [736, 0, 'none', 736],
  [40, 40, 'same', 0],
  [45, 40, 'share', 0.125],
  [10, 40, 'share', -0.75],
  [120, 40, 'share', 2],
  // Percentages of next to nothing, and of many times as much, are only loud.
  [121, 40, 'difference', 81],
  [5, 4, 'difference', 1],
])('%i against %i is told as %s', (total, base, as, by) => {
  expect(changeOf({ total, previous: { total: base } } as Series)).toEqual({ as, by });
});

test('a table opens in a spreadsheet as what it is: nothing in it is run', () => {
  expect(
    csvOf([
      ['Day', 'a "b", c'],
      ['=1+1', 3],
    ]),
  ).toBe('\uFEFFDay,"a ""b"", c"\r\n\'=1+1,3\r\n');
});
