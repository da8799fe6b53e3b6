/** A stretch of a text: from its first character to behind its last. */
export type Span = { from: number; to: number };

/**
 * Where a text is shown as it stands, in order: blocks and spans of code, and addresses of the web. Nothing in them is
 * a mention: `@media` in a style sheet names no one, and an address with other letters leads elsewhere.
 */
export function verbatimSpans(text: string): Span[] {
  const blocks = codeBlocks(text);
  const spans = [...blocks, ...codeSpans(text, blocks)];
  for (const { index, 0: address } of text.matchAll(/\b(?:[a-z][a-z+.-]*:\/\/|www\.)\S+/gi))
    spans.push({ from: index, to: index + address.length });
  return spans.sort((a, b) => a.from - b.from);
}

function codeBlocks(text: string): Span[] {
  if (!/```|~~~|^(?: {4}|\t)/m.test(text)) return [];
  const spans: Span[] = [];
  let fence: { sign: string; from: number } | null = null;
  let isBlank = true;
  let isIndented = false;
  let at = 0;
  for (const line of text.split('\n')) {
    const sign = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const end = Math.min(text.length, at + line.length + 1);
    if (fence) {
      if (sign?.startsWith(fence.sign) && line.trim() === sign) {
        spans.push({ from: fence.from, to: end });
        fence = null;
      }
    } else if (sign) fence = { sign, from: at };
    else {
      isIndented = /^(?: {4}|\t)/.test(line) && (isBlank || isIndented);
      if (isIndented) spans.push({ from: at, to: end });
    }
    isBlank = line.trim() === '';
    at = end;
  }
  if (fence) spans.push({ from: fence.from, to: text.length });
  return spans;
}

/** Spans between two runs of as many backticks, outside of blocks. */
function codeSpans(text: string, blocks: readonly Span[]): Span[] {
  const runs: { at: number; length: number }[] = [];
  let block = 0;
  for (const { index, 0: run } of text.matchAll(/`+/g)) {
    while (block < blocks.length && blocks[block]!.to <= index) block++;
    if (!(blocks[block] && blocks[block]!.from <= index)) runs.push({ at: index, length: run.length });
  }
  // For each run the next one of its length, from behind: looking for it from each anew would take quadratic time.
  const next = new Map<number, number>();
  const closing: (number | undefined)[] = [];
  for (let n = runs.length - 1; n >= 0; n--) {
    closing[n] = next.get(runs[n]!.length);
    next.set(runs[n]!.length, n);
  }
  const spans: Span[] = [];
  for (let n = 0; n < runs.length; n++) {
    const end = closing[n];
    if (end === undefined) continue;
    spans.push({ from: runs[n]!.at, to: runs[end]!.at + runs[end]!.length });
    n = end;
  }
  return spans;
}
