/** A stretch of a body as it is drawn; `marked`: it is what was looked for. */
export type Piece = { text: string; marked: boolean };

/** Characters shown before the first mark, and in all: three lines on a wide screen. */
const before = 60;
const length = 260;

const mention = /<@([0-9a-f-]{36})>/g;

/**
 * The part of a body around its first mark, in pieces to be drawn as plain text. `marks` are [start, end) into the raw body and may overlap.
 * Nothing is cut in half: neither a mention, which is shown by its name, nor a sign of two units, nor, where words have ends, a word.
 */
export function excerptOf(
  body: string,
  marks: readonly (readonly [number, number])[],
  nameOf: (id: string) => string,
): Piece[] {
  const mentions = [...body.matchAll(mention)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    name: `@${nameOf(match[1]!)}`,
  }));
  const around = (at: number) => mentions.find(({ start, end }) => start < at && at < end);
  // A mark inside a mention's id means the whole mention: half of it has no words to show.
  const whole = marks.map(([start, end]): [number, number] => [around(start)?.start ?? start, around(end)?.end ?? end]);
  const first = whole[0]?.[0] ?? 0;
  const from = first <= before ? 0 : wordStart(body, first - before, first);
  const to = body.length <= from + length ? body.length : wholeSign(body, from + length);
  const [begin, end] = [around(from)?.start ?? from, around(to)?.end ?? to];

  const pieces: Piece[] = [];
  const add = (start: number, stop: number, marked: boolean) => {
    const text = shown(body, start, stop, mentions);
    if (text) pieces.push({ text, marked });
  };
  let at = begin;
  for (const [start, stop] of merged(whole)) {
    if (start >= end) break;
    if (start > at) add(at, start, false);
    add(Math.max(at, start), Math.min(stop, end), true);
    at = Math.min(stop, end);
  }
  if (at < end) add(at, end, false);
  if (begin > 0) pieces.unshift({ text: '…', marked: false });
  if (end < body.length) pieces.push({ text: '…', marked: false });
  return pieces;
}

function merged(marks: [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  for (const [start, end] of marks.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}

/** The raw text from `start` to `stop`, mentions by name, any white space as one blank. */
function shown(
  body: string,
  start: number,
  stop: number,
  mentions: readonly { start: number; end: number; name: string }[],
): string {
  let text = '';
  let at = start;
  for (const one of mentions) {
    if (one.end <= start || one.start >= stop) continue;
    text += body.slice(at, one.start) + one.name;
    at = one.end;
  }
  return (text + body.slice(at, stop)).replace(/\s+/g, ' ');
}

/** The next beginning of a word from `at` on; scripts without blanks between words begin anywhere. */
function wordStart(body: string, at: number, latest: number): number {
  const blank = body.slice(at, Math.min(latest, at + 24)).search(/\s\S/);
  return blank >= 0 ? at + blank + 1 : wholeSign(body, at);
}

/** The same place, or the one after it where a sign of two units would be cut in half. */
const wholeSign = (body: string, at: number): number => (/[\uDC00-\uDFFF]/.test(body[at] ?? '') ? at + 1 : at);
