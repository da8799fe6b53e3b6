import { pinyin, polyphonic } from 'pinyin-pro';
import { folded } from '@parley/protocol/name-fold.ts';

/*
 * How people write a name on a keyboard that cannot write it: Chinese in pinyin, whole, by initials or mixed; umlauts as
 * two letters; words without the spaces between them, or by their initials.
 */

/** One syllable or word of a name, in each way it is read, the likeliest first. */
type Unit = { readings: string[]; isHan: boolean };

/** A spelling, and whether it is the likeliest one of the whole name: not from within it, nor by a rarer reading. */
export type Spelling = { text: string; isLikely: boolean };

/** Enough for a name of four characters of which each has two readings. */
const maxSpellings = 48;
const maxUnits = 24;
/** Up to this many units every mixture of whole syllables and initials is spelled out. */
const mixedUnits = 4;
const maxReadings = 3;

/** Every spelling of a name, from each of its syllables and words on. Bounded, however long the name. */
export function spellingsOf(name: string): Spelling[] {
  const units = unitsOf(name).slice(0, maxUnits);
  const found = new Map<string, boolean>();
  for (let from = 0; from < units.length; from++)
    for (const { text, isLikely } of formsOf(units.slice(from))) {
      if (found.size >= maxSpellings) break;
      if (!found.has(text)) found.set(text, isLikely && from === 0);
    }
  return [...found].map(([text, isLikely]) => ({ text, isLikely }));
}

/**
 * The ways to type these units. The last one is always whole: its initial is a beginning of it. Where a syllable is
 * Chinese, the first is also set apart by a space, so that a search tells "chen" the syllable from "cheng".
 */
function* formsOf(units: Unit[]): Generator<Spelling> {
  const isLong = units.length > mixedUnits;
  let isLikely = true;
  for (const readings of isLong ? [likeliestOf(units)] : readingsOf(units)) {
    for (const text of formsOfReading(readings, units, isLong)) yield { text, isLikely };
    isLikely = false;
  }
}

function* formsOfReading(readings: string[], units: Unit[], isLong: boolean): Generator<string> {
  const [first] = units;
  if (first!.isHan) yield [readings[0], readings.slice(1).join('')].filter(Boolean).join(' ');
  if (units.length === 1 && !isSpelledOtherwise(first!)) return;
  if (isLong) yield* plainForms(readings);
  else yield* mixed(readings, units);
}

/** A word that is spelled as it is written is found as itself. */
const isSpelledOtherwise = ({ isHan, readings }: Unit) => isHan || readings.length > 1;

const likeliestOf = (units: Unit[]): string[] => units.map(({ readings }) => readings[0]!);

/** The likeliest reading of all units, then each other reading of each, with the likeliest of the others. */
function* readingsOf(units: Unit[]): Generator<string[]> {
  const likeliest = likeliestOf(units);
  yield likeliest;
  for (const [at, { readings }] of units.entries())
    for (const other of readings.slice(1)) yield likeliest.with(at, other);
}

function* mixed(readings: string[], units: Unit[]): Generator<string> {
  const [head, ...tail] = readings;
  if (tail.length === 0) {
    yield head!;
    return;
  }
  for (const rest of mixed(tail, units.slice(1)))
    for (const start of new Set([head!, ...initialsOf(head!, units[0]!.isHan)])) yield start + rest;
}

function* plainForms(readings: string[]): Generator<string> {
  yield readings.join('');
  yield readings.map(firstOf).join('');
  yield readings[0]! + readings.slice(1).map(firstOf).join('');
}

const firstOf = (reading: string): string => String.fromCodePoint(reading.codePointAt(0)!);
const initialsOf = (reading: string, isHan: boolean): string[] =>
  isHan && /^[zcs]h/.test(reading) ? [firstOf(reading), reading.slice(0, 2)] : [firstOf(reading)];

/** Syllables of Chinese, words of everything else. */
function unitsOf(name: string): Unit[] {
  const units: Unit[] = [];
  for (const [run, han] of name.matchAll(/(\p{Script=Han}+)|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}'’])+/gu))
    units.push(...(han ? syllablesOf(han) : [wordOf(run)]));
  return units.filter(({ readings }) => readings[0]);
}

/** In German, Danish and Swedish passports these letters are two. */
const asTwo: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

function wordOf(written: string): Unit {
  const lower = written.normalize('NFC').toLowerCase();
  const two = folded(lower.replace(/[äöüåø]/g, (letter) => asTwo[letter]!));
  return { readings: [...new Set([folded(written), two])], isHan: false };
}

const options = { toneType: 'none', type: 'array', v: true } as const;

/**
 * The readings of a run of Chinese characters: as a surname, in their context, and each by itself. A character without
 * a known reading is left as it is.
 */
function syllablesOf(run: string): Unit[] {
  const signs = [...run];
  const inContext = [
    pinyin(run, { ...options, surname: 'head' }),
    pinyin(run, options),
    pinyin(run, { ...options, mode: 'surname' }),
  ].filter(({ length }) => length === signs.length);
  return signs.map((sign, at) => {
    const readings = [...inContext.map((one) => one[at]!), ...everyReadingOf(sign)];
    return { readings: [...new Set(readings.flatMap(withoutUmlaut))].slice(0, maxReadings), isHan: true };
  });
}

/** Kept: the library takes longer for this than for all else. There are about 20,000 such characters. */
const known = new Map<string, readonly string[]>();
function everyReadingOf(sign: string): readonly string[] {
  const readings = known.get(sign) ?? polyphonic(sign, options)[0] ?? [];
  known.set(sign, readings);
  return readings;
}

/** 吕 is typed lv, written LYU in passports, and lu by those who know neither. */
const withoutUmlaut = (reading: string): string[] =>
  /^[ln]v/.test(reading) ? [reading, reading.replace('v', 'yu'), reading.replace('v', 'u')] : [reading];
