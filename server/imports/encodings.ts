import { isUtf8 } from 'node:buffer';

/** What a text that is not UTF-8 is written in. */
export type Encoding = { name: string; iconv: string };

const marks: [Buffer, Encoding][] = [
  [Buffer.from('fffe0000', 'hex'), { name: 'UTF-32', iconv: 'UTF-32' }],
  [Buffer.from('0000feff', 'hex'), { name: 'UTF-32', iconv: 'UTF-32' }],
  [Buffer.from('fffe', 'hex'), { name: 'UTF-16', iconv: 'UTF-16' }],
  [Buffer.from('feff', 'hex'), { name: 'UTF-16', iconv: 'UTF-16' }],
  [Buffer.from('84319533', 'hex'), { name: 'GB18030', iconv: 'GB18030' }],
];

/** UTF-16 and UTF-32, by their mark or by where their zeros stand; null for what has neither. */
export function wideEncodingOf(head: Buffer): Encoding | null {
  const marked = marks.find(([mark]) => head.subarray(0, mark.length).equals(mark));
  if (marked) return marked[1];
  const zeros = [0, 0, 0, 0];
  const looked = Math.min(head.length & ~3, 1_024);
  if (looked < 8) return null;
  for (let at = 0; at < looked; at++) if (head[at] === 0) zeros[at & 3]!++;
  const [a, b, c, d] = zeros.map((count) => count > (looked / 4) * 0.7) as [boolean, boolean, boolean, boolean];
  if (b && c && d && !a) return { name: 'UTF-32', iconv: 'UTF-32LE' };
  if (a && b && c && !d) return { name: 'UTF-32', iconv: 'UTF-32BE' };
  if (b && d && !a && !c) return { name: 'UTF-16', iconv: 'UTF-16LE' };
  if (a && c && !b && !d) return { name: 'UTF-16', iconv: 'UTF-16BE' };
  return null;
}

/**
 * What bytes are written in that are no UTF-8, as far as they show it: Chinese ones come in pairs that make frequent
 * characters, Western ones stand alone between letters. Null for UTF-8, and for what is no text.
 */
export function narrowEncodingOf(bytes: Buffer): Encoding | null {
  if (bytes.includes(0) || isUtf8(bytes)) return null;
  let [alone, letters, evenRuns, oddRuns, frequent, pairs] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]! < 0x80) continue;
    const from = at;
    while (at < bytes.length && bytes[at]! >= 0x80) at++;
    if (at - from === 1) {
      alone++;
      if (bytes[from]! >= 0xc0) letters++;
    }
    if ((at - from) % 2 === 1) oddRuns++;
    else evenRuns++;
    for (let pair = from; pair + 1 < at; pair += 2) {
      pairs++;
      if (isFrequentInGbk(bytes[pair]!, bytes[pair + 1]!)) frequent++;
    }
  }
  if (evenRuns > oddRuns * 4 && frequent > pairs * 0.7) return { name: 'GBK', iconv: 'GB18030' };
  if (alone > 0 && alone * 2 >= evenRuns + oddRuns && letters > alone * 0.6)
    return { name: 'Latin-1 (or Windows-1252)', iconv: 'WINDOWS-1252' };
  return null;
}

/** The 3,755 frequent characters and the punctuation of GB2312. */
const isFrequentInGbk = (lead: number, trail: number) =>
  trail >= 0xa1 && ((lead >= 0xb0 && lead <= 0xd7) || (lead >= 0xa1 && lead <= 0xa3));
