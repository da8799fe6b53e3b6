import DOMPurify from 'dompurify';
import type { Token } from 'markdown-it';
import { shallowRef } from 'vue';
import { messageParser } from '../markdown/grammar.ts';

type Environment = { nameOf: (id: string) => string; myId: string };

/*
 * A body is Markdown that any sender wrote; what it means is said in ../markdown/grammar.ts. It becomes HTML in three
 * steps, each of which alone would be enough against scripts: no raw HTML in the grammar, links only to http(s) and
 * mailto, and a purifier with a short list of what may remain.
 */
const markdown = messageParser((code, language) => highlight(code, language));

const { escapeHtml } = markdown.utils;
markdown.renderer.rules.mention = (tokens: Token[], at: number, _options: unknown, environment: unknown) => {
  const id = tokens[at]!.content;
  const env = environment as Environment;
  return `<span class="mention${id === env.myId ? ' me' : ''}" data-person="${id}">@${escapeHtml(env.nameOf(id))}</span>`;
};
markdown.renderer.rules.destination = (tokens: Token[], at: number) =>
  ` <span class="destination">(${escapeHtml(tokens[at]!.content)})</span>`;
// A heading inside a message must not stand in the page's outline.
markdown.renderer.rules.heading_open = () => '<p class="heading">';
markdown.renderer.rules.heading_close = () => '</p>';
markdown.renderer.rules.link_open = (tokens: Token[], at: number, options, _env, self) => {
  tokens[at]!.attrSet('target', '_blank');
  tokens[at]!.attrSet('rel', 'noopener noreferrer nofollow');
  return self.renderToken(tokens, at, options);
};
// What scrolls must be reachable by keyboard.
const { fence, code_block: codeBlock } = markdown.renderer.rules;
markdown.renderer.rules.fence = (...given) => fence!(...given).replace('<pre', '<pre tabindex="0"');
markdown.renderer.rules.code_block = (...given) => codeBlock!(...given).replace('<pre', '<pre tabindex="0"');
markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>';
markdown.renderer.rules.table_close = () => '</table></div>';

const allowed = {
  ALLOWED_TAGS: [
    'p',
    'br',
    'strong',
    'em',
    's',
    'a',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'hr',
    'span',
    'div',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ],
  ALLOWED_ATTR: ['href', 'target', 'rel', 'class', 'data-person', 'start', 'tabindex', 'title', 'value'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // These hold no address, and would be dropped for not looking like one.
  ADD_URI_SAFE_ATTR: ['target', 'rel', 'start', 'tabindex', 'title', 'value'],
};

type Highlighter = (code: string, language: string) => string | null;
/** Arrives when the first code with a named language is drawn; drawing again is up to whoever reads it. */
export const highlighter = shallowRef<Highlighter | null>(null);
let asked = false;

function highlight(code: string, language: string): string {
  if (!language) return '';
  if (!asked) {
    asked = true;
    void import('./highlight.ts').then((module) => (highlighter.value = module.highlight));
  }
  return highlighter.value?.(code, language) ?? '';
}

/** A message's body as safe HTML. `nameOf` is asked for every person it names. */
export function renderBody(body: string, nameOf: (id: string) => string, myId: string): string {
  return DOMPurify.sanitize(markdown.render(body, { nameOf, myId } satisfies Environment), allowed);
}
