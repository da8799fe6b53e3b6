import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { contextWords, passwordBounds, passwordFault, type PasswordContext } from '@parley/protocol/passwords.ts';
import { Refused } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import { isLeaked } from './leaked-passwords.ts';
import { hashPassword } from './passwords.ts';

/*
 * The one judgement of a new password, for set-up, invitation, change and reset (NIST SP 800-63B-4, 3.1.1.2): length,
 * context, leaked lists, and how soon it would be guessed. No rules of composition, no expiry. Everything is decided
 * here, offline, before the slow hash.
 */

type PasswordCode = 'password_short' | 'password_long' | 'password_context' | 'password_leaked' | 'password_weak';

const sentences: Record<PasswordCode, (floor: number) => string> = {
  password_short: (floor) =>
    `The password is too short: it needs at least ${floor} characters. Four or five unrelated words are easy to remember.`,
  password_long: () => `The password is too long: at most ${passwordBounds.most} characters are taken.`,
  password_context: () =>
    'The password is built on a name, an e-mail address, the organisation or this product: people who know you try these first.',
  password_leaked: () => 'The password stands in published lists of leaked passwords, which attackers try first.',
  password_weak: () =>
    'The password is too easy to guess: it repeats itself, follows a sequence or the keyboard, or is made of common passwords.',
};

/** Judges a new password and hashes it. Refuses with the code and the sentence of the first rule it breaks. */
export async function hashNewPassword(work: Work, password: string, about: PasswordContext): Promise<string> {
  const { passwordFloor, organisation } = await settings.read(work);
  const context = { ...about, organisation: about.organisation ?? organisation };
  const code = await judge(password, passwordFloor, context);
  if (code) throw new Refused(code, sentences[code](passwordFloor));
  return hashPassword(password);
}

async function judge(password: string, floor: number, context: PasswordContext): Promise<PasswordCode | null> {
  const fault = passwordFault(password, floor, context);
  if (fault) return fault;
  if (await isLeaked(password)) return 'password_leaked';
  return (await isGuessable(password, floor, context)) ? 'password_weak' : null;
}

/**
 * Estimating runs on the event loop and takes longer the longer the text: 5 ms of CPU for 16 characters, 20 for 48, 40
 * for 64, 220 for 256. A password whose first 48 characters are easy to guess is refused, whatever follows.
 */
const estimatedCharacters = 48;

/**
 * Whether fewer guesses are expected than the floor of length stands for: 10¹⁰ from twelve characters on. Below, as
 * many as random characters of the floor's length would still pass with.
 */
async function isGuessable(password: string, floor: number, context: PasswordContext): Promise<boolean> {
  const { whole, parts } = contextWords(context);
  const { guessesLog10 } = (await estimator()).check(password.slice(0, estimatedCharacters), [...whole, ...parts]);
  return guessesLog10 < Math.min(10, floor - 2);
}

let made: Promise<ZxcvbnFactory> | undefined;
/** Unpacking the dictionaries takes a moment and memory: not before a person chooses a password. */
const estimator = () =>
  (made ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary, adjacencyGraphs }) => new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs }),
  ));
