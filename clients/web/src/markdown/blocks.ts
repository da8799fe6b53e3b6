import Markdown, { type MarkdownIt, type StateBlock, type Token } from 'markdown-it';

type Rule = (state: StateBlock, line: number, last: number, silent: boolean) => boolean;

/** A rule as markdown-it has it, taken from a parser that has no other: a way its public interface offers. */
function stock(name: string): Rule {
  const parser = new Markdown();
  parser.block.ruler.enableOnly([name]);
  return parser.block.ruler.getRules('')[0] as Rule;
}

const lineOf = (state: StateBlock, line: number) =>
  state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]);

/** `>_<`, `>:(`, `>.<`, `>=5`, `>100`: said, not quoted. */
const said = /^>(?:[=<]|\d+(?![.)]?\d*[.)]\s)|[._:;^~-](?=[^\s\w*~]|$)|[._^-]<|_[>_]*[<>]|[:;][()DPpOo3]|3<)/;
const literal: Record<string, RegExp> = {
  blockquote: said,
  // A mark with nothing behind it would be drawn as nothing.
  list: /^(?:[-+*]|\d{1,9}[.)])[ \t]*$/,
  heading: /^#+[ \t]*$/,
};
const interrupts = ['paragraph', 'reference', 'blockquote'];

/** Lines that begin like a quote, a list or a heading and are none: they stay as they were typed. */
export function keepLiteralLines(markdown: MarkdownIt): void {
  for (const [name, pattern] of Object.entries(literal)) {
    const rule = stock(name);
    const isQuote = name === 'blockquote';
    markdown.block.ruler.at(
      name,
      (state: StateBlock, line: number, last: number, silent: boolean) =>
        !pattern.test(lineOf(state, line)) &&
        rule(state, line, isQuote && !silent ? quoteEnd(state, line, last) : last, silent),
      { alt: isQuote ? [...interrupts, 'list'] : interrupts },
    );
  }
  markdown.core.ruler.after('block', 'typed_numbers', ({ tokens }) => keepNumbers(tokens));
}

/** A quote ends before what is said below it. */
function quoteEnd(state: StateBlock, line: number, last: number): number {
  let end = line;
  while (end < last && lineOf(state, end).startsWith('>') && !said.test(lineOf(state, end))) end++;
  return end < last && said.test(lineOf(state, end)) ? end : last;
}

/**
 * The items of a numbered list keep the numbers they were given: 3 and 5 stay so. Where all are the same (1, 1, 1)
 * they are counted.
 */
function keepNumbers(tokens: readonly Token[]): void {
  const lists: { first: number; next: number; isCounted: boolean }[] = [];
  for (const token of tokens) {
    const list = lists.at(-1);
    if (token.type === 'ordered_list_open') {
      const first = Number(token.attrGet('start') ?? 1);
      lists.push({ first, next: first, isCounted: true });
    } else if (token.type === 'ordered_list_close') lists.pop();
    else if (token.type === 'list_item_open' && token.info && list) {
      const typed = Number(token.info);
      list.isCounted &&= typed === list.first;
      if (!list.isCounted && typed !== list.next) token.attrSet('value', token.info);
      list.next = list.isCounted ? list.next + 1 : typed + 1;
    }
  }
}
