/*
 * The rules for a new password that a client can show while a person types: length, and words that belong to the
 * person. The server decides by the same functions, and refuses weak and leaked passwords besides
 * (server/identity/password-rules.ts).
 */

/**
 * Characters a new password must have: the organisation's setting lies between `least` and `floorMost`. Nothing longer
 * than `most` is taken.
 */
export const passwordBounds = { least: 8, floor: 15, floorMost: 64, most: 256 } as const;

/** What the person and the organisation are called, where it is known. */
export type PasswordContext = { name?: string | null; email?: string | null; organisation?: string | null };
export type PasswordFault = 'password_short' | 'password_long' | 'password_context';

/**
 * A password as it is measured and hashed: keyboards and systems write the same characters in more than one way (NIST
 * SP 800-63B-4, 3.1.1.2).
 */
export const normalisedPassword = (password: string): string => password.normalize('NFKC');

/** Characters as people count them: code points, not UTF-16 units. */
export const passwordLength = (password: string): number => [...normalisedPassword(password)].length;

/** Which rule a new password breaks, or null. `floor` is the organisation's setting. */
export function passwordFault(password: string, floor: number, context: PasswordContext): PasswordFault | null {
  const length = passwordLength(password);
  if (length > passwordBounds.most) return 'password_long';
  if (length < floor) return 'password_short';
  return leansOnContext(password, context) ? 'password_context' : null;
}

/** Every word of the context, and the product's name: what a person who knows the account would try first. */
export function contextWords({ name, email, organisation }: PasswordContext): { whole: string[]; parts: string[] } {
  const [local = '', domain = ''] = (email ?? '').split('@');
  const whole = [name ?? '', email ?? '', local, organisation ?? '', 'parley'].map(letters);
  const parts = [
    ...(name ?? '').split(/\s+/),
    ...local.split(/[^\p{L}\p{N}]+/u),
    ...domain.split('.').slice(0, -1),
    ...(organisation ?? '').split(/\s+/),
  ].map(letters);
  const isWord = (word: string) => word.length >= (isIdeographic(word) ? 2 : 3);
  return { whole: whole.filter(isWord), parts: parts.filter(isWord) };
}

/**
 * Whether a password is built on the context: it holds a whole name or address, or hardly anything is left without the
 * words of the context. A short word inside a long passphrase is no fault: "canada" holds Ada's name, and says nothing
 * about her.
 */
function leansOnContext(password: string, context: PasswordContext): boolean {
  const { whole, parts } = contextWords(context);
  const said = letters(password);
  if (whole.some((word) => (word.length >= 6 || isIdeographic(word)) && said.includes(word))) return true;
  const longestFirst = [...whole, ...parts].sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((left, word) => left.replaceAll(word, ''), said);
  return rest !== said && [...rest].length < passwordBounds.least;
}

/** Letters and digits only, without case and accents: "Özil 2026!" and "ozil-2026" are the same guess. */
const letters = (text: string) =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
const isIdeographic = (word: string) =>
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word);
