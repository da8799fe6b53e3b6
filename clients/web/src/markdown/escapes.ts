import type { StateInline } from 'markdown-it';
import { flanksOf } from './flanking.ts';
import { spanAround, type Span } from './spans.ts';
import { isBlank, isPunctuation, signBefore } from './writing.ts';

/**
 * A backslash takes the meaning from the sign after it only where that sign would have one; elsewhere it is a
 * backslash that was typed, as in `C:\_temp\*.log`, `me\.config` and `\d+\.\d`:
 *
 * - `` \` `` always;
 * - `\*`, `\_` and `\~~` where the run could open emphasis at the beginning of a word, or has a partner in the
 *   paragraph;
 * - `\[` and `\]` in a paragraph with a link, `\<` before an address or a mention;
 * - at the beginning of a line whatever would begin a heading, list, quote, rule or fence (`\# 1`, `1\. May`, `\- 5`).
 *
 * Inside of a Windows path (`C:\…`, `\\server\…`, `\folder\…`) never. Two backslashes stay two.
 */
export function escape(state: StateInline, silent: boolean): boolean {
  const at = state.pos;
  if (state.src[at] !== '\\' || at + 1 >= state.posMax) return false;
  const sign = state.src[at + 1]!;
  const isPair = sign === '\\';
  const isEscape = !isPair && takesMeaning(state, at, sign);
  if (!isEscape && !isPair && !/[*_~`[\]<]/.test(sign)) return false;
  if (!silent) {
    const token = state.push('text_special', '', 0);
    token.content = isEscape ? sign : `\\${sign}`;
    token.markup = `\\${sign}`;
    token.info = 'escape';
  }
  state.pos += 2;
  return true;
}

function takesMeaning(state: StateInline, at: number, sign: string): boolean {
  const facts = factsOf(state);
  if (spanAround(facts.paths, at)) return false;
  if (beginsBlock(state.src, at)) return true;
  if (sign === '`') return true;
  if (sign === '[' || sign === ']') return facts.hasLink;
  if (sign === '<') return /^<(?:@|[a-z][a-z0-9+.-]{1,31}:|[^\s<>@]{1,64}@)/i.test(state.src.slice(at + 1, at + 80));
  if (sign === '*' || sign === '_' || sign === '~') return isEmphasis(state.src, at, facts.ends[sign]);
  return false;
}

/**
 * What the paragraph holds, found once: its paths, and for each mark the first run that opens and the last that
 * closes.
 */
type Facts = { hasLink: boolean; paths: Span[]; ends: Record<'*' | '_' | '~', Ends> };
type Ends = { firstOpen: number; lastClose: number };
const known = new WeakMap<StateInline, Facts>();

function factsOf(state: StateInline): Facts {
  const found = known.get(state) ?? {
    hasLink: state.src.includes(']('),
    paths: pathsIn(state.src),
    ends: endsIn(state.src),
  };
  known.set(state, found);
  return found;
}

const path =
  /(?<![A-Za-z0-9])[A-Za-z]:\\[^\s"<>|]*|(?<!\S)\\\\[A-Za-z0-9][^\s"<>|]*|(?<!\S)\.{0,2}\\[\w.-]+\\[A-Za-z0-9][^\s"<>|]*/g;
const pathsIn = (text: string): Span[] =>
  Array.from(text.matchAll(path), ({ index, 0: { length } }) => ({ start: index, end: index + length }));

function endsIn(text: string): Facts['ends'] {
  const none = (): Ends => ({ firstOpen: Infinity, lastClose: -1 });
  const ends = { '*': none(), _: none(), '~': none() };
  for (const { index, 0: run } of text.matchAll(/\*+|_+|~~+/g)) {
    const { opens, closes } = flanksOf(text, start(text, index), index, index + run.length, text.length);
    const mark = ends[run[0] as '*' | '_' | '~'];
    if (opens) mark.firstOpen = Math.min(mark.firstOpen, index);
    if (closes) mark.lastClose = index;
  }
  return ends;
}
/** Where the run begins with the backslash before it. */
const start = (text: string, run: number) => (text[run - 1] === '\\' ? run - 1 : run);

function isEmphasis(text: string, at: number, { firstOpen, lastClose }: Ends): boolean {
  const mark = text[at + 1]!;
  let end = at + 2;
  while (text[end] === mark) end++;
  if (mark === '~' && end - at < 3) return false;
  const { opens, closes } = flanksOf(text, at, at + 1, end, text.length);
  const before = signBefore(text, at);
  const beginsWord = isBlank(before) || isPunctuation(before);
  return (opens && (beginsWord || lastClose > at + 1)) || (closes && firstOpen < at);
}

const block = /^(?:#{1,6}(?:\s|$)|[-+*]\s+\S|>|(?:[-*_][ \t]*){3,}$|~{3}|`{3})/m;
function beginsBlock(text: string, at: number): boolean {
  const line = text.slice(Math.max(0, at - 14), at);
  const isFirst = line.length === at;
  const begins = (sign: string) => new RegExp(`(?:${isFirst ? '^|' : ''}\\n)[ ]{0,3}${sign}$`).test(line);
  if (/[.)]/.test(text[at + 1]!)) return begins('\\d{1,9}') && /^(?:\s|$)/.test(text.slice(at + 2, at + 3));
  if (!/[#\-+*>_~`]/.test(text[at + 1]!) || !begins('')) return false;
  const stop = text.indexOf('\n', at);
  return block.test(text.slice(at + 1, stop < 0 ? undefined : stop));
}
