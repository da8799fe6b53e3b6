import Markdown, { type MarkdownIt, type StateCore, type StateInline, type Token } from 'markdown-it';
import { addressesIn, type Address } from './addresses.ts';
import { keepLiteralLines } from './blocks.ts';
import { destinationToShow, isDestination } from './destinations.ts';
import { escape } from './escapes.ts';
import { readFlanks } from './flanking.ts';
import { spanFrom } from './spans.ts';

/**
 * The Markdown of messages. Its readers write English, Chinese, Japanese and Korean, and many of its writers never
 * heard of Markdown. Five rules follow from that, each in the docstring of its file:
 *
 * - emphasis ends where a reader ends it, and does not begin inside of words and formulas (`flanking.ts`);
 * - a backslash is a backslash, unless the sign after it would be markup at that place (`escapes.ts`);
 * - addresses become links, and end where a reader ends them (`addresses.ts`);
 * - a link whose text names another place shows where it leads (`destinations.ts`);
 * - lines that only look like quotes, lists or headings stay as typed (`blocks.ts`).
 *
 * Left out of CommonMark: raw HTML; entities (`&nbsp;` is shown as typed); images, which would be fetched from
 * somewhere else, so that their author would learn who reads, when and from where; headings by underlining; and link
 * references.
 */
export function messageParser(highlight: (code: string, language: string) => string): MarkdownIt {
  const parser = new Markdown({ html: false, linkify: false, breaks: true, typographer: false, highlight });
  parser.disable(['image', 'lheading', 'reference']);
  parser.validateLink = (href) => isDestination(href.trim());
  // As typed: a host in decoded letters may look like another one.
  parser.normalizeLinkText = (address) => address;
  readFlanks(parser);
  keepLiteralLines(parser);
  parser.inline.ruler.at('escape', escape);
  parser.inline.ruler.at('text', text);
  parser.inline.ruler.before('text', 'address', address);
  parser.inline.ruler.before('autolink', 'mention', mention);
  parser.core.ruler.push('destinations', showDestinations);
  return parser;
}

const addresses = new WeakMap<StateInline, Address[]>();
function addressesOf(state: StateInline): Address[] {
  const found = addresses.get(state) ?? addressesIn(state.src);
  addresses.set(state, found);
  return found;
}

/**
 * Plain text up to the next sign that could be markup (`&` is none), or the next address, and not looked at beyond
 * it.
 */
const marks = new Set('\n\\`*_~[]<');
function text(state: StateInline, silent: boolean): boolean {
  const next = state.linkLevel > 0 ? undefined : spanFrom(addressesOf(state), state.pos);
  const stop = next && next.start > state.pos ? Math.min(next.start, state.posMax) : state.posMax;
  let end = state.pos;
  while (end < stop && !marks.has(state.src[end]!)) end++;
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

function address(state: StateInline, silent: boolean): boolean {
  if (state.linkLevel > 0) return false;
  const found = spanFrom(addressesOf(state), state.pos);
  if (!found || found.start !== state.pos || found.end > state.posMax) return false;
  const typed = state.src.slice(found.start, found.end);
  const href = found.href && state.md.normalizeLink(found.href);
  if (!silent && href && state.md.validateLink(href)) {
    const open = state.push('link_open', 'a', 1);
    open.attrs = [['href', href]];
    open.info = 'auto';
    state.push('text', '', 0).content = typed;
    state.push('link_close', 'a', -1).info = 'auto';
  } else if (!silent) state.pending += typed;
  state.pos = found.end;
  return true;
}

const person = /<@([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})>/y;
function mention(state: StateInline, silent: boolean): boolean {
  person.lastIndex = state.pos;
  const found = person.exec(state.src);
  if (!found) return false;
  if (!silent) state.push('mention', '', 0).content = found[1]!;
  state.pos += found[0].length;
  return true;
}

function showDestinations({ tokens, Token: New }: StateCore): void {
  for (const token of tokens) {
    if (!token.children?.some(({ type }) => type === 'link_open')) continue;
    const children: Token[] = [];
    let link: Token | null = null;
    let label = '';
    for (const child of token.children) {
      if (child.type === 'link_open') [link, label] = [child, ''];
      else if (child.type === 'link_close' && link) {
        const href = String(link.attrGet('href'));
        const real = destinationToShow(label, href);
        if (real) children.push(Object.assign(new New('destination', '', 0), { content: real }));
        // Pointing at a link with words of its own shows where it leads; a title of its author could say anything.
        if (link.info === 'auto') link.attrs = [['href', href]];
        else link.attrSet('title', href);
        link = null;
      } else label += child.content;
      children.push(child);
    }
    token.children = children;
  }
}
