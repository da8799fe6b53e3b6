/*
 * How names are compared while people look for them. The device and the server must agree, so the folding stands here.
 */

/** Letters that do not come apart into a plain letter and a mark. */
const plain: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ς: 'σ',
};
const special = new RegExp(`[${Object.keys(plain).join('')}]`, 'g');

/** Marks of Latin, Greek and Cyrillic, Arabic and Hebrew vowels, and the line that stretches Arabic words. */
const marks = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]|\u0640/gu;
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;
const apostrophes = /(?<=[\p{L}\p{N}])['’‘ʼʻ`´′＇](?=[\p{L}\p{N}])/gu;
const joints = /(?<=[\p{L}\p{M}\p{N}])[\p{Pd}·・‧•](?=[\p{L}\p{N}])/gu;

const brackets = /[\p{Ps}\p{Pe}\p{Pi}\p{Pf}"]/gu;

/**
 * A name as searches compare it: NFKC, lower case, without the marks of Latin, Greek, Cyrillic, Arabic and Hebrew
 * letters. Katakana becomes hiragana. Apostrophes within a word go; dashes and dots that join two words are spaces, and
 * so are brackets and quotation marks where anything else is there.
 */
export const folded = (text: string): string =>
  text === '' ? '' : bare(text.replace(apostrophes, '').replace(brackets, ' ')) || bare(text);

const bare = (text: string): string =>
  text
    .replace(/[\t\n\r]/g, ' ')
    .replace(unseen, '')
    .replace(joints, ' ')
    .normalize('NFKD')
    .toLowerCase()
    .replace(marks, '')
    .replace(special, (letter) => plain[letter]!)
    .normalize('NFC')
    .replace(/[ァ-ヶ]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0x60))
    .replace(/[\s\p{Z}]+/gu, ' ')
    .trim();

type Sign = 'letter' | 'alone' | 'digit' | 'mark' | 'space' | 'symbol';
function signOf(sign: string): Sign {
  if (sign === ' ') return 'space';
  if (/[a-z]/.test(sign)) return 'letter';
  if (/\p{Lo}/u.test(sign)) return 'alone';
  if (/\p{L}/u.test(sign)) return 'letter';
  if (/\p{N}/u.test(sign)) return 'digit';
  return /\p{M}/u.test(sign) ? 'mark' : 'symbol';
}

/**
 * Where words begin in a folded text. Scripts without capitals (Chinese, Thai, Arabic …) are often written without
 * spaces, or put articles in front: there every letter begins a word. So does every symbol.
 */
export function wordStarts(text: string): number[] {
  const starts: number[] = [];
  let at = 0;
  let before: Sign = 'space';
  for (const sign of text) {
    const now = signOf(sign);
    if (now === 'alone' || now === 'symbol' || ((now === 'letter' || now === 'digit') && now !== before))
      starts.push(at);
    if (now !== 'mark') before = now;
    at += sign.length;
  }
  return starts;
}
