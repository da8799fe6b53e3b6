import type { Token } from 'markdown-it';
import { messageParser } from '../markdown/grammar.ts';

const parser = messageParser(() => '');

/**
 * A body as one line for lists and announcements: mentions by name, and of Markdown only what it says, as a message
 * is read.
 */
export function plainText(body: string, nameOf: (id: string) => string, cap = 160): string {
  const told = (token: Token): string => {
    if (token.type === 'inline') return `${(token.children ?? []).map(told).join('')}\n`;
    if (token.type === 'mention') return `@${nameOf(token.content)}`;
    if (token.type === 'destination') return ` (${token.content})`;
    if (token.type === 'td_open' || token.type === 'th_open') return '· ';
    return token.tag === 'br' ? '\n' : token.content;
  };
  const text = parser
    .parse(wholeStart(body, cap * 4), {})
    .map(told)
    .join('');
  return text.replace(/\s+/g, ' ').replace(/^· /, '').trim().slice(0, cap);
}

/** The first characters of a body, without a mention or a sign cut in half at the end. */
function wholeStart(body: string, length: number): string {
  const start = body.slice(0, length);
  return body.length > length ? start.replace(/(?:<@?[0-9a-f-]{0,36}|[\ud800-\udbff])$/, '') : start;
}
