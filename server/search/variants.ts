import hongKong from 'opencc-js/dict/HKVariantsRev';
import taiwan from 'opencc-js/dict/TWVariantsRev';
import simplified from 'opencc-js/dict/TSCharacters';

/*
 * Letters that are written in more than one way: Chinese characters by country, other letters with and without accents.
 */

/** OpenCC's tables are lines of a character and those it becomes; the first of them is the usual one. */
function read(table: string): [string, string][] {
  return table.split('|').map((line) => {
    const [from, to] = line.split(' ');
    return [from!, to!];
  });
}

/**
 * What each character becomes: first the general form of what Taiwan and Hong Kong write otherwise, then simplified.
 */
const forms = ((): ReadonlyMap<string, string> => {
  const general = new Map([...read(taiwan), ...read(hongKong)]);
  const simple = new Map(read(simplified));
  const signs = new Set([...general.keys(), ...simple.keys()]);
  const all = [...signs].map((sign): [string, string] => {
    const traditional = general.get(sign) ?? sign;
    return [sign, simple.get(traditional) ?? simple.get(sign) ?? traditional];
  });
  return new Map(all);
})();

const han = /\p{sc=Han}/u;

/** Han characters in one form: two are alike when one is a simplified, traditional or regional form of the other. */
export function alikeHan(text: string): string {
  return han.test(text) ? Array.from(text, (sign) => forms.get(sign) ?? sign).join('') : text;
}

/** Letters whose stroke is part of them, so that they do not fall into a letter and a mark. */
const strokes: Readonly<Record<string, string>> = { đ: 'd', ħ: 'h', ł: 'l', ø: 'o', ŧ: 't' };
const accented = /([\p{sc=Latin}\p{sc=Greek}])\p{Mn}+/gu;
/** Arabic and Hebrew signs of vowels, length and pronunciation. */
const vowels = /[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc]/gu;

/** Letters without their accents: Latin and Greek, ё, Arabic and Hebrew vowel signs and the hamza of an alef. */
export function accentless(text: string): string {
  if (/^[\p{ASCII}\p{sc=Han}]*$/u.test(text)) return text;
  return text
    .normalize('NFD')
    .replace(accented, '$1')
    .replace(/е\u0308/gu, 'е')
    .replace(vowels, '')
    .normalize('NFC')
    .replace(/[đħłøŧ]/gu, (letter) => strokes[letter]!)
    .replace(/[أإآٱ]/gu, 'ا');
}
