import type { MarkdownIt, StateInline } from 'markdown-it';
import { isAsciiWord, isBlank, isCjk, isCjkLetter, isPunctuation, signAt, signBefore } from './writing.ts';

export type Flanks = { opens: boolean; closes: boolean };
type Sides = { before: string; beyondBefore: string; after: string; beyondAfter: string };

/**
 * Whether a run of `*`, `_` or `~` can open and close emphasis. English text follows CommonMark; a reader of other
 * writing expects more, and a writer who never heard of Markdown expects less:
 *
 * 1. In CJK writing, `*` and `~` open and close wherever no blank keeps them from it, as there are no blanks around
 *    words: `**注意：**请看`. A run stands in CJK writing when a sign beside it is CJK, or is punctuation behind which CJK
 *    stands: `**“重点”**OK`. `__` does the same; `_` joins names (`季度_报告`), and only closes after CJK punctuation:
 *    `_强调。_后`.
 * 2. `*` never opens inside of an ASCII word or formula: after a letter, a digit or a closing bracket (`2*3*4`,
 *    `f(x)*g(x)*h`), and one `*` never opens after a digit at all (`3*单价*数量`). Inside of a word it closes only what
 *    the same number of `*` opened last: `**B**old`, but not in `**2*3*4**`.
 * 3. `*` between a slash and a dot or slash is a wildcard: `src/*.ts`, `src/**` + `/*.ts`.
 * 4. `_` belongs to a name that goes on behind a dot, a slash or a bracket: `__init__.py`, `obj.__class__`.
 *
 * `from` is where the run begins, or the backslash before it; `start` and `end` are the run.
 */
export function flanksOf(text: string, from: number, start: number, end: number, max: number): Flanks {
  const before = signBefore(text, from);
  const after = end < max ? signAt(text, end) : '';
  const sides: Sides = {
    before,
    beyondBefore: signBefore(text, from - before.length),
    after,
    beyondAfter: end + after.length < max ? signAt(text, end + after.length) : '',
  };
  return text[start] === '_' ? underscores(sides, end - start) : stars(sides, end - start, text[start] === '*');
}

/** Left-flanking and right-flanking as CommonMark defines them. */
function commonMark({ before, after }: Sides): { left: boolean; right: boolean } {
  const [blankBefore, blankAfter] = [isBlank(before), isBlank(after)];
  const [signBeforeIt, signAfterIt] = [isPunctuation(before), isPunctuation(after)];
  return {
    left: !blankAfter && (!signAfterIt || blankBefore || signBeforeIt),
    right: !blankBefore && (!signBeforeIt || blankAfter || signAfterIt),
  };
}

function inCjk({ before, beyondBefore, after, beyondAfter }: Sides): boolean {
  if (isBlank(before) || isBlank(after)) return false;
  return (
    isCjk(before) ||
    isCjk(after) ||
    (isPunctuation(before) && isCjk(beyondBefore)) ||
    (isPunctuation(after) && isCjk(beyondAfter))
  );
}

function stars(sides: Sides, length: number, isStar: boolean): Flanks {
  const { before, after } = sides;
  const { left, right } = commonMark(sides);
  if (!isStar) return inCjk(sides) ? { opens: true, closes: true } : { opens: left, closes: right };
  if (/[/\\]/.test(before) && /[./\\]/.test(after)) return { opens: false, closes: false };
  if (inCjk(sides)) return { opens: length > 1 || !/[0-9]/.test(before), closes: true };
  return { opens: left && !isAsciiWord(before) && before !== ')' && before !== ']', closes: right };
}

function underscores(sides: Sides, length: number): Flanks {
  const { before, beyondBefore, after, beyondAfter } = sides;
  const { left, right } = commonMark(sides);
  if (length > 1 && inCjk(sides)) return { opens: true, closes: true };
  const isNameBefore = /[./\\]/.test(before) && /[A-Za-z0-9_)\]]/.test(beyondBefore);
  const isNameAfter = /[([]/.test(after) || (/[./\\]/.test(after) && /[A-Za-z0-9_]/.test(beyondAfter));
  const afterCjkSign = isCjk(before) && !isCjkLetter(before) && isCjk(after);
  return {
    opens: left && (!right || isPunctuation(before)) && !isNameBefore,
    closes: (right && (!left || isPunctuation(after)) && !isNameAfter) || afterCjkSign,
  };
}

/** Makes the parser ask `flanksOf` for every run. */
export function readFlanks(markdown: MarkdownIt): void {
  const State: typeof StateInline = markdown.inline.State;
  markdown.inline.State = class extends State {
    override scanDelims(start: number): ReturnType<StateInline['scanDelims']> {
      let end = start + 1;
      while (end < this.posMax && this.src[end] === this.src[start]) end++;
      const { opens, closes } = flanksOf(this.src, start, start, end, this.posMax);
      const closesHere = closes && !(this.#isInWord(start, end) && this.#lastOpened !== end - start);
      if (opens && this.src[start] === '*') this.#lastOpened = end - start;
      return { can_open: opens, can_close: closesHere, length: end - start };
    }
    /** Of how many `*` the last run was that could open. */
    #lastOpened = 0;
    #isInWord(start: number, end: number): boolean {
      return this.src[start] === '*' && isAsciiWord(this.src[start - 1] ?? '') && isAsciiWord(this.src[end] ?? '');
    }
  };
}
