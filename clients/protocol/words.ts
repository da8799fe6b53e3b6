import * as z from 'zod/mini';
import { limits } from './limits.ts';

// Under a strict Content-Security-Policy there is no eval: zod must not compile its parsers.
z.config({ ...z.locales.en(), jitless: true });

/** Text PostgreSQL can hold: well-formed UTF-16 without NUL. A lone surrogate would be stored as a replacement sign and come back changed. */
const storable = z.refine<string>(
  (text) => text.isWellFormed() && !text.includes('\0'),
  'must be well-formed text without NUL characters',
);

/** What takes ink: not white space, not a sign that is drawn as nothing, and not the empty braille pattern. */
const ink = /[^\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{M}\u2800]/u;

/** A text of 1 to `cap` characters that is not only white space. */
export const text = (cap: number) =>
  z.string().check(z.minLength(1), z.maxLength(cap), z.regex(ink, 'must not be empty'), storable);

/**
 * Signs no name may hold: controls and line ends, signs that turn the direction of writing, signs drawn as nothing, and
 * private ones that are drawn differently everywhere. With them a name looks like another one, or like none, in lists
 * and in the audit log.
 */
const unseen =
  /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Co}\p{Noncharacter_Code_Point}\u2028\u2029\u2800\ufff9-\ufffb]/gu;

/**
 * Scripts whose letters join, or form conjuncts: there a joiner or non-joiner between letters is part of the
 * spelling.
 */
const joiningScripts =
  `Arabic Syriac Nko Mandaic Adlam Hanifi_Rohingya Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada
  Malayalam Sinhala Khmer Myanmar Tibetan Balinese Javanese Sundanese Meetei_Mayek Limbu Chakma`
    .split(/\s+/)
    .map((script) => `\\p{Script=${script}}`)
    .join('');

/** Signs drawn as nothing that have a meaning where they stand: they belong to a name. */
const meaningful = [
  // Joiners within emoji, of which some are made of several.
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`,
  // Emoji drawn in colour or as text, and keycaps. A digit alone is drawn the same with and without a selector.
  String.raw`(?<=(?![0-9#*])\p{Emoji})[\ufe0e\ufe0f]`,
  String.raw`(?<=[0-9#*])\ufe0f(?=\u20e3)`,
  // The flags of England, Scotland and Wales are a black flag and letters that are tags.
  String.raw`(?<=\u{1f3f4})\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}`,
  // Variants of ideographs.
  String.raw`(?<=\p{Unified_Ideograph})[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]`,
  // Joiners between letters, and the half letters that older Malayalam, Bengali and Persian texts end words in.
  `(?<=[${joiningScripts}])[\\u200c\\u200d](?=[${joiningScripts}\\p{M}])`,
  String.raw`(?<=[\u0647\u09cd\u0d4d])\u200d`,
  // Mongolian chooses among the forms of a letter, and sets off its last vowel.
  String.raw`(?<=(?=\p{L})\p{Script=Mongolian})[\u180b-\u180f]`,
];
const joining = new RegExp(meaningful.join('|'), 'gu');

/** Why this cannot be a name, as the end of a sentence; null when it can. */
export function faultOfName(name: string): string | null {
  if (!ink.test(name)) return 'must not be empty';
  if (name.replace(joining, '').search(unseen) >= 0)
    return 'must not hold line breaks, control characters, or signs that cannot be seen or that turn the writing';
  return null;
}

const nameable = z.refine<string>((name) => name === '' || faultOfName(name) === null, {
  error: ({ input }) => faultOfName(String(input)) ?? 'must be a name',
});

/**
 * Two names that differ in spaces around them look alike. What a person typed is trimmed by the page; a program gets a
 * refusal.
 */
const unpadded = z.refine<string>((name) => name.trim() === name, 'must not begin or end with white space');

/**
 * The name of a person, a place or a thing: one line of 1 to `cap` characters that can be seen. It arrives composed.
 */
export const name = (cap: number) =>
  z.string().check(z.normalize('NFC'), z.minLength(1), z.maxLength(cap), storable, nameable, unpadded);

/** A name that may be missing: 0 to `cap` characters. */
export const optionalName = (cap: number) =>
  z.string().check(z.normalize('NFC'), z.maxLength(cap), storable, nameable, unpadded);

/**
 * What is shown beside a name: 0 to `cap` characters, in lines that each could be a name. It arrives composed and
 * without outer spaces.
 */
export const optionalLines = (cap: number) =>
  z.string().check(
    z.normalize('NFC'),
    z.trim(),
    z.maxLength(cap),
    storable,
    z.refine(
      (said) => said.split('\n').every((line) => line.trim() === '' || faultOfName(line) === null),
      'must not hold control characters, or signs that cannot be seen or that turn the writing',
    ),
  );

/**
 * An e-mail address as a person types it, to look up an account: composed, without outer spaces. Letters keep their
 * case: only the database folds it, since JavaScript folds some letters (İ) to others than PostgreSQL does.
 */
export const typedAddress = (cap: number) =>
  z.string().check(z.normalize('NFC'), z.trim(), z.minLength(1), z.maxLength(cap), storable);

/** An e-mail address that is going to be stored. */
export const emailAddress = (cap: number) =>
  typedAddress(cap).check(z.regex(/^[^\s@]+@[^\s@]+$/u, 'must be an e-mail address'), nameable);

/** A text of 0 to `cap` characters. */
export const optionalText = (cap: number) => z.string().check(z.maxLength(cap), storable);

export const id = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be an id'));

/** The name the client gives its act: the same name is answered with the first act's result. */
export const clientId = z
  .string()
  .check(z.minLength(1), z.maxLength(limits.clientId), z.regex(/^[\w.:-]+$/, 'may hold letters, digits and _ . : -'));

/** A counter: line, seq, rev, head. */
export const position = z.int().check(z.minimum(0), z.maximum(Number.MAX_SAFE_INTEGER));

/** Milliseconds since 1970, UTC. */
export const time = z.int().check(z.minimum(-8_640_000_000_000_000), z.maximum(8_640_000_000_000_000));

export const pageSize = z.int().check(z.minimum(1), z.maximum(limits.page));
