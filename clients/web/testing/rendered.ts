import { messageParser } from '../src/markdown/grammar.ts';

const parser = messageParser(() => '');
parser.renderer.rules['mention'] = (tokens, at) => `@${tokens[at]!.content.slice(0, 8)}`;
parser.renderer.rules['destination'] = (tokens, at) => ` → ${tokens[at]!.content}`;

/** What a body becomes, before the purifier; a single paragraph without its tags. */
export function rendered(body: string): string {
  const html = parser.render(body).trim();
  const [, only] = /^<p>((?:(?!<p>)[^])*)<\/p>$/.exec(html) ?? [];
  return only ?? html;
}

/** The links of a body, as [text, address]; what is shown beside a text belongs to it. */
export const linksOf = (body: string): [string, string][] =>
  Array.from(rendered(body).matchAll(/<a href="([^"]*)"[^>]*>(.*?)<\/a>/g), ([, href, text]) => [
    unescaped(text!),
    unescaped(href!),
  ]);

const unescaped = (html: string) =>
  html.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
