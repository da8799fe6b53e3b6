/**
 * Kinds of signs that the Markdown rules ask about. Chinese, Japanese and Korean (CJK below) are written without
 * blanks between words and particles, so a sign of them can stand directly beside Markdown or an address without
 * belonging to it.
 */

const letters =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}\\u3005-\\u3007\\u30fc\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uff9f';
// Ideographic and full-width punctuation, vertical and small forms; the ideographic blank is white space.
const signs =
  '\\u3001-\\u3004\\u3008-\\u3020\\u3030-\\u303f\\u30a0\\u30fb\\ufe10-\\ufe1f\\ufe30-\\ufe6f\\uff01-\\uff65\\uffe0-\\uffee';

/**
 * Letters of writing without blanks between words, which can be glued to an address: CJK and its southern neighbours.
 * For building longer expressions with the flag `u`, inside of square brackets.
 */
export const gluedLetters = `${letters}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}`;

const letter = new RegExp(`[${letters}]`, 'u');
const any = new RegExp(`[${letters}${signs}]`, 'u');
const punctuation = /[\p{P}\p{S}]/u;

export const isBlank = (sign: string): boolean => sign === '' || /\s/.test(sign);
/** Punctuation as CommonMark counts it: symbols, and so most emoji, are among it. */
export const isPunctuation = (sign: string): boolean => punctuation.test(sign);
export const isCjk = (sign: string): boolean => sign >= '\u1100' && any.test(sign);
export const isCjkLetter = (sign: string): boolean => sign >= '\u1100' && letter.test(sign);
export const isAsciiWord = (sign: string): boolean => /[A-Za-z0-9]/.test(sign);

/** The whole sign that begins at `at`; nothing at the end. */
export function signAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

/** The whole sign that ends before `at`; nothing at the beginning. */
export function signBefore(text: string, at: number): string {
  if (at <= 0) return '';
  const unit = text.charCodeAt(at - 1);
  const isSecondHalf = unit >= 0xdc00 && unit <= 0xdfff;
  const code = isSecondHalf && at > 1 ? text.codePointAt(at - 2)! : unit;
  return code > 0xffff ? String.fromCodePoint(code) : text[at - 1]!;
}
