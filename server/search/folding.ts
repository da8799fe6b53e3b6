import { accentless, alikeHan } from './variants.ts';

/*
 * What is alike when messages are searched: the one table behind the tokens of the index, the literal check and the
 * marks that show what was found. docs/reference/search.md is written from it, and its examples are tested.
 */

/** What one rule does to a cluster: a sign with all that is written onto it. */
export type Rule = {
  name: string;
  says: string;
  /** What was written, and what finds it. */
  examples: readonly [written: string, asked: string][];
  fold(cluster: string): string;
};

/** Signs to replace, as a rule's `fold`. */
const replacing =
  (signs: RegExp, by: string) =>
  (cluster: string): string =>
    cluster.replace(signs, by);

/** Signs drawn as nothing; the tags that tell the flags of England and Scotland apart are not among them. */
const nothing = /(?![\u{e0020}-\u{e007f}])[\p{Default_Ignorable_Code_Point}\u0640]/gu;

/** Always alike. They are applied in this order. */
export const always: readonly Rule[] = [
  {
    name: 'White space',
    says: 'Any white space of any length is one blank, line ends and control characters included.',
    examples: [
      ['first\u2028second', '"first second"'],
      ['two   blanks\nand a line', '"two blanks and a line"'],
      ['全角\u3000空格', '"全角 空格"'],
    ],
    fold: replacing(/[\s\u0085\p{Cc}]/gu, ' '),
  },
  {
    name: 'Signs drawn as nothing',
    says: 'Soft hyphens, zero-width signs, marks of direction, variation selectors and the Arabic tatweel do not count.',
    examples: [
      ['co\u00adoperation', 'cooperation'],
      ['foo\u200bbar', 'foobar'],
      ['I ❤ tea', '❤\ufe0f'],
      ['⚠\ufe0fWarning', 'warning'],
      ['مـــرحبا', 'مرحبا'],
    ],
    fold: replacing(nothing, ''),
  },
  {
    name: 'Ways of encoding',
    says: 'Full and half width, ligatures, circled and raised signs, composed and decomposed letters (Unicode’s NFKC), Hangul in single letters and kana with a voicing mark of their own included.',
    examples: [
      ['ＡＢＣ１２３', 'abc123'],
      ['ﬁnal', 'final'],
      ['한글 회의록'.normalize('NFD'), '한글'],
      ['ﾊﾞｸﾞ報告', 'バグ'],
      ['e\u0301te\u0301', 'été'],
    ],
    // Marks that stand by themselves would become a blank and a mark.
    fold: (cluster) =>
      cluster
        .replaceAll('\u309b', '\u3099')
        .replaceAll('\u309c', '\u309a')
        .replaceAll('\u00b4', '\u2019')
        .normalize('NFKC'),
  },
  {
    name: 'Apostrophes',
    says: 'Straight and curly apostrophes, primes and the letters that look like them are one sign.',
    examples: [
      ['We don’t ship', "don't"],
      ["we can't ship", 'can’t'],
      ['Hawaiʻi office', "hawai'i"],
    ],
    fold: replacing(/[\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u055a\u05f3\ua78b\ua78c]/gu, "'"),
  },
  {
    name: 'Dashes',
    says: 'Hyphens and dashes of every length are one sign, the minus sign too.',
    examples: [
      ['2019–2020 plan', '2019-2020'],
      ['state‑of‑the‑art', 'state-of-the-art'],
      ['−5 °C', '-5'],
    ],
    fold: replacing(/[\u2010-\u2015\u2043\u2212\u058a\u05be\ufe58\ufe63]/gu, '-'),
  },
  {
    name: 'Dots and waves between words',
    says: 'The middle dots of names are one sign, and so are wave dash and tilde.',
    examples: [
      ['约翰·史密斯', '约翰・史密斯'],
      ['10〜12時', '10~12'],
    ],
    fold: (cluster) =>
      cluster.replace(/[\u2022\u2027\u2219\u22c5\u30fb\uff65]/gu, '·').replace(/[\u301c\u3030]/gu, '~'),
  },
  {
    name: 'Case',
    says: 'Capital and small letters, by Unicode’s full case folding: both small sigmas, ß and ss, the Turkish i with and without its dot.',
    examples: [
      ['ο δρόμος', 'ΔΡΌΜΟΣ'],
      ['die Straße', 'STRASSE'],
      ['İstanbul ofisi', 'istanbul'],
      ['ısrar', 'ISRAR'],
    ],
    // Down, up and down is full case folding (Unicode, CaseFolding.txt, C and F), but for the dot İ leaves behind.
    fold: (cluster) =>
      cluster
        .toLowerCase()
        .toUpperCase()
        .toLowerCase()
        .normalize('NFC')
        .replace(/i\u0307/gu, 'i'),
  },
];

/** Alike where the question asks for variants as well. */
export const onRequest: readonly Rule[] = [
  {
    name: 'Simplified and Traditional Chinese',
    says: 'A character and its simplified, traditional and regional forms, sign by sign (OpenCC’s tables).',
    examples: [
      ['会议纪要', '會議紀要'],
      ['軟體開發團隊', '开发团队'],
      ['我在臺灣', '台湾'],
    ],
    fold: alikeHan,
  },
  {
    name: 'Accents',
    says: 'Latin and Greek letters with and without their accents, ё and е, Arabic and Hebrew with and without vowel signs.',
    examples: [
      ['ask Müller', 'muller'],
      ['the cafe', 'café'],
      ['ещё раз', 'еще'],
    ],
    fold: accentless,
  },
];

/**
 * As many of them as count on one sign: no writing has more than thirty (UAX #15, Stream-Safe Text), and normalising a
 * longer run takes time that grows with its square.
 */
const few = '{0,30}';
/** Marks and signs that belong to what stands before them, as part of a class of signs. */
const onto = '\\p{M}\\p{Default_Ignorable_Code_Point}\\u0640\\u309b\\u309c\\uff9e\\uff9f';
/** Those, and Hangul's vowels and ends of a syllable. */
const joined = new RegExp(`[${onto}\\u1160-\\u11ff\\ud7b0-\\ud7ff]`, 'u');
const cluster = `(?:[\\u1100-\\u115f\\ua960-\\ua97f][\\u1160-\\u11a7\\ud7b0-\\ud7c6]${few}[\\u11a8-\\u11ff\\ud7cb-\\ud7ff]${few}|(?!${joined.source})[^])[${onto}]${few}`;

const special = 0xffff;
/** Clusters whose form is remembered; as many again are forgotten first. */
const mostClusters = 4_000;

/**
 * A way of folding text: cluster by cluster, so that every unit of the folded text has a place in the original. What
 * nearly always stands in messages is folded without looking for clusters: those cost 12 µs a line, this costs 1.
 */
export class Folding {
  readonly #rules: readonly Rule[];
  readonly #everywhere = new RegExp(cluster, 'gu');
  readonly #here = new RegExp(cluster, 'uy');
  /** What each unit that is a cluster by itself folds to, one unit again; `special` for all others, 0: not met yet. */
  readonly #units = new Uint16Array(65_536);
  /** What signs of two units, emoji nearly always, fold to; null for marks. Filled as they are met. */
  readonly #pairs = new Map<number, string | null>();
  readonly #clusters = new Map<string, string>();
  /** Room for folded text, made larger when it is full. */
  #scratch = new Uint16Array(40_000);

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /** Text as it is compared, with the place of each of its units, and of its end, in the original. */
  placed(text: string): { plain: string; places: Uint32Array } {
    const alike = this.#unitByUnit(text);
    if (alike !== null) return { plain: alike, places: inPlace(text.length) };
    let plain = '';
    const places: number[] = [];
    for (const match of text.matchAll(this.#everywhere)) {
      const folded = this.#cluster(match[0]);
      for (let i = 0; i < folded.length; i++) places.push(match.index);
      plain += folded;
    }
    places.push(text.length);
    return { plain, places: Uint32Array.from(places) };
  }

  /** Text as it is compared: the `plain` of `placed`. */
  plain(text: string): string {
    if (isAscii(text)) return text.toLowerCase().replaceAll(/\p{Cc}/gu, ' ');
    let filled = 0;
    const put = (plain: string) => {
      for (let unit = 0; unit < plain.length; unit++) {
        if (filled === this.#scratch.length) this.#enlarge();
        this.#scratch[filled++] = plain.charCodeAt(unit);
      }
    };
    for (let i = 0; i < text.length;) {
      const folded = this.#unit(text, i);
      if (folded !== special && this.#isBegun(text, i + 1)) {
        if (filled === this.#scratch.length) this.#enlarge();
        this.#scratch[filled++] = folded;
        i++;
        continue;
      }
      const pair = folded === special && this.#isBegun(text, i + 2) ? this.#pair(text, i) : null;
      if (pair !== null) {
        put(pair);
        i += 2;
        continue;
      }
      this.#here.lastIndex = i;
      const whole = this.#here.exec(text)?.[0];
      // A mark on nothing is left out.
      if (whole !== undefined) put(this.#cluster(whole));
      i += whole?.length ?? (text.codePointAt(i)! > 0xffff ? 2 : 1);
    }
    return Buffer.from(this.#scratch.buffer, 0, 2 * filled).toString('utf16le');
  }

  /** The folded text where every cluster is one unit and stays one, as nearly always; null elsewhere. */
  #unitByUnit(text: string): string | null {
    const plain = new Uint16Array(text.length);
    for (let i = 0; i < text.length; i++) {
      const folded = this.#unit(text, i);
      if (folded === special) return null;
      plain[i] = folded;
    }
    return Buffer.from(plain.buffer).toString('utf16le');
  }

  #unit(text: string, at: number): number {
    const unit = text.charCodeAt(at);
    return this.#units[unit] || (this.#units[unit] = this.#foldUnit(text[at]!));
  }

  #foldUnit(unit: string): number {
    if (joined.test(unit) || /\p{Cs}/u.test(unit)) return special;
    const folded = this.#fold(unit);
    return folded.length === 1 && !/[\p{M}\p{Cs}]/u.test(folded) ? folded.charCodeAt(0) : special;
  }

  /** The folded form of the sign of two units that stands here; null when there is none, or it is a mark. */
  #pair(text: string, at: number): string | null {
    const point = text.codePointAt(at) ?? 0;
    if (point <= 0xffff) return null;
    let folded = this.#pairs.get(point);
    if (folded === undefined) {
      const sign = String.fromCodePoint(point);
      folded = joined.test(sign) ? null : this.#fold(sign);
      this.#pairs.set(point, folded);
    }
    return folded;
  }

  /**
   * Whether a new cluster begins here, as far as that is seen without asking: what comes before has no mark on it
   * then.
   */
  #isBegun(text: string, at: number): boolean {
    return at >= text.length || this.#unit(text, at) !== special || this.#pair(text, at) !== null;
  }

  #cluster(whole: string): string {
    let folded = this.#clusters.get(whole);
    if (folded !== undefined) return folded;
    folded = this.#fold(whole);
    if (whole.length > 8) return folded;
    if (this.#clusters.size >= mostClusters) this.#clusters.clear();
    this.#clusters.set(whole, folded);
    return folded;
  }

  #fold(whole: string): string {
    return this.#rules.reduce((text, rule) => rule.fold(text), whole);
  }

  #enlarge(): void {
    const larger = new Uint16Array(2 * this.#scratch.length);
    larger.set(this.#scratch);
    this.#scratch = larger;
  }
}

/** What is always alike, and nothing more. */
export const exact = new Folding(always);
/** Variants are alike as well. Whatever `exact` folds to one form, this does too: so its tokens propose for both. */
export const loose = new Folding([...always, ...onRequest]);

/** Every unit at its own place. */
export function inPlace(length: number): Uint32Array {
  if (ownPlaces.length <= length) ownPlaces = Uint32Array.from({ length: 2 * length + 1 }, (_, i) => i);
  return ownPlaces.subarray(0, length + 1);
}
let ownPlaces = new Uint32Array(0);

const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);
