import type { Span } from './spans.ts';
import { gluedLetters } from './writing.ts';

/** An address in a text. Without `href` it must not become a link, nor may a part of it. */
export type Address = Span & { href: string | null };

/**
 * The addresses that become links by themselves: `https://…`, `www.…`, `example.com/…` and e-mail addresses. Where
 * they end:
 *
 * 1. CJK glued to an address does not belong to it: `打开https://example.com/a查看` links `https://example.com/a`.
 * 2. A host is international if its first label begins so: `https://例子.测试`, `https://www.例子.测试`. Glued CJK that could
 *    as well be part of a host (`https://a股.com`) makes no link, as half a host is another host.
 * 3. CJK belongs to path, query and fragment if it stands directly behind `/`, `=`, `#` or `_`, in brackets too, and
 *    then goes on to the next blank or full-width punctuation: `https://ja.wikipedia.org/wiki/日本`. Letters of other
 *    scripts always belong. (Who wants another end writes a blank or `<https://…>`; an address copied out of a
 *    browser is ASCII throughout.)
 * 4. Punctuation at the end, brackets without a partner, `**` and `~~` do not belong to the address.
 * 5. Without a scheme: `www.`, a name before one of a few endings that are hardly ever a file's or a word's
 *    (`sureEndings`), or before one of `doubtfulEndings` if a path follows. So `main.rs`, `README.md`, `node.js`,
 *    `1.5.zip` and `ASP.NET` stay text.
 * 6. `https://name@host` makes no link: what is read first is not where it leads.
 */
export function addressesIn(text: string): Address[] {
  if (!/:\/\/|www\.|mailto:|@|\.[a-z]/i.test(text)) return [];
  const found: Address[] = [];
  let from = 0;
  for (;;) {
    candidate.lastIndex = from;
    const match = candidate.exec(text);
    if (!match) return found;
    const kind = match.groups!;
    const address = kind['at']
      ? mailAround(text, match.index, found.at(-1)?.end ?? 0)
      : kind['mail']
        ? mailAfter(text, match.index, match.index + match[0].length)
        : kind['web']
          ? webAt(text, match.index, match.index + match[0].length)
          : bareAt(text, match.index, match[0]);
    if (address) found.push(address);
    from = address?.end ?? match.index + (kind['bare'] ? 1 : match[0].length);
  }
}

const sureEndings = 'com|net|org|edu|gov|mil|int|info|biz|cn|tw|hk|jp|kr|sg|eu|uk|de|fr|ch|nl|se|br|au|ca|nz|ru';
const doubtfulEndings = 'io|ai|dev|co';
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const www = '[wW]{3}\\.(?=[\\p{L}\\p{N}])';
const named = `(?!(?:com|net|org|java)\\.)(?:${label}\\.){1,9}(?:(?:${sureEndings})(?![\\w@(=-]|\\.[A-Za-z0-9])|(?:${doubtfulEndings})(?=\\/[\\w~]))`;
const candidate = new RegExp(
  [
    '(?<![A-Za-z0-9])(?<web>[hH][tT][tT][pP][sS]?:\\/\\/)',
    '(?<![A-Za-z0-9])(?<mail>[mM][aA][iI][lL][tT][oO]:)',
    `(?<!(?![${gluedLetters}])[\\p{L}\\p{M}\\p{N}_.@:/\\\\#$%&=~+-])(?<bare>${www}|${named})`,
    '(?<at>@)',
  ].join('|'),
  'gu',
);

const asciiHost =
  /[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?){0,20}|\[[0-9A-Fa-f:.]{2,45}\]/y;
// A label beyond ASCII is Latin (bücher), or of other letters that are never glued on, as their writing has blanks;
// it never mixes them.
const latin = '[\\p{Script=Latin}0-9\\u0300-\\u036f-]{1,63}';
const foreign = `(?:(?![${gluedLetters}])[\\p{L}\\p{M}\\p{N}])`;
const foreignHost = new RegExp(
  `(?:${latin}|(?:(?!\\p{Script=Latin})${foreign}|-){1,63})(?:\\.(?:${latin}|(?:(?!\\p{Script=Latin})${foreign}|-){1,63})){1,10}`,
  'uy',
);
const gluedHost = new RegExp(
  `(?:[wW]{3}\\.)?[${gluedLetters}][\\p{L}\\p{M}\\p{N}-]{0,62}(?:\\.[\\p{L}\\p{M}\\p{N}-]{1,63}){1,10}`,
  'uy',
);
const port = /:(\d{1,5})(?![\d])/y;
const user = /[\w.~%!$&'()*+,;=:-]{0,256}@/y;
/** What could be the rest of a host whose beginning was read: half of it must not become a link. */
const restOfHost = new RegExp(
  `[\\p{L}\\p{M}\\p{N}\\p{Cf}]{1,63}[.][\\p{L}\\p{N}]|[\\p{Cf}\\p{M}]+[\\p{L}\\p{N}.-]|(?![${gluedLetters}])[\\p{L}\\p{M}\\p{N}]|@`,
  'uy',
);
const restOfLabel = /[\p{L}\p{M}\p{N}]{0,63}[.。．｡]+[A-Za-z0-9]/uy;

function stick(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function webAt(text: string, start: number, at: number): Address | null {
  const secret = stick(user, text, at);
  if (secret) return unlinked(text, start, at + secret.length);
  const host = hostAt(text, at);
  if (!host || text.startsWith('://', at + host.length)) return null;
  let end = at + host.length;
  if (stick(restOfHost, text, end) || (!host.includes('.') && stick(restOfLabel, text, end)))
    return unlinked(text, start, end);
  const digits = stick(port, text, end);
  if (digits && Number(digits.slice(1)) > 65535) return unlinked(text, start, end + digits.length);
  end += digits?.length ?? 0;
  return linked(text, start, pathEnd(text, start, end), '');
}

/** Where there is no scheme, `http:` is the one every server understands; browsers try `https:` first. */
function bareAt(text: string, start: number, written: string): Address | null {
  const host = hostAt(text, start);
  if (!host || !(/^www\.$/i.test(written) ? /\..*\.\p{L}{2,}$/u.test(host) : host === written)) return null;
  let end = start + host.length;
  if (stick(restOfHost, text, end)) return unlinked(text, start, end);
  end += stick(port, text, end)?.length ?? 0;
  return linked(text, start, pathEnd(text, start, end), 'http://');
}

/** The host that begins here; null if there is none, or if browsers would take it for another one. */
function hostAt(text: string, at: number): string | null {
  const international = stick(gluedHost, text, at) ?? longer(stick(foreignHost, text, at), stick(asciiHost, text, at));
  const host = international ?? stick(asciiHost, text, at);
  if (!host) return null;
  const known = hostOf(`http://${host}`);
  if (known === null) return null;
  const isPlain = /^[\w.-]+$/.test(host);
  return isPlain && known !== host.toLowerCase() ? null : host;
}
const longer = (one: string | null, other: string | null) => (one && one.length > (other?.length ?? 0) ? one : null);

/** The host of an address as browsers understand it, in ASCII; null if they would not. */
export function hostOf(address: string): string | null {
  const url = URL.parse(address);
  return url && url.hostname !== '' ? url.hostname : null;
}

function linked(text: string, start: number, end: number, scheme: string): Address {
  return { start, end, href: scheme + text.slice(start, end) };
}
/** To the next blank: no part of it may become another address. */
function unlinked(text: string, start: number, from: number): Address {
  const more = stick(/[\p{L}\p{M}\p{N}\p{Cf}\w.~%!$&'()*+,;=:@/?#-]*/uy, text, from) ?? '';
  return { start, end: from + more.length, href: null };
}

const pathSign = /[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%|{}^[\]]/;
const foreignSign = new RegExp(foreign, 'u');
const gluedSign = new RegExp(`[${gluedLetters}]`, 'u');
const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

function pathEnd(text: string, start: number, from: number): number {
  if (!/[/?#]/.test(text[from] ?? '')) return from;
  const open: string[] = [];
  const isStarred = text[start - 1] === '*';
  let inGlued = false;
  let at = from;
  while (at < text.length) {
    const sign = String.fromCodePoint(text.codePointAt(at)!);
    if (sign.length === 1 && sign <= '~') {
      if (!pathSign.test(sign) || (sign === '*' && isStarred) || /\*\*|~~/.test(text.slice(at, at + 2))) break;
      if (pairs[sign]) {
        if (open.pop() !== pairs[sign]) break;
        inGlued = false;
      } else if (/[([{]/.test(sign)) open.push(sign);
    } else if (gluedSign.test(sign)) {
      inGlued ||= /[/=#_]/.test(text[at - 1]!) || /_[([]/.test(text.slice(at - 2, at));
      if (!inGlued) break;
    } else if (!foreignSign.test(sign)) break;
    at += sign.length;
  }
  return trimmed(text, start, from, at);
}

/** Takes punctuation off the end that belongs to the sentence, and marks that also stand before the address. */
function trimmed(text: string, start: number, from: number, end: number): number {
  const wrap = /[_~'(]/.test(text[start - 1] ?? '') ? text[start - 1]! : '';
  let at = end;
  while (at > from && (/[.,:;!?*~'|^([{]/.test(text[at - 1]!) || text[at - 1] === wrap)) at--;
  return at;
}

const name = /[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_%+-])?$/;
const mailHost =
  /[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,8}\.[A-Za-z]{2,24}(?![A-Za-z0-9_@(-]|\.[A-Za-z0-9]|:[\w/~])/y;
/** `icon@2x.png` is a file, `getty@tty1.service` a service, `lib@latest.js` a script. */
const fileEnding = /\.(?:png|jpe?g|gif|svg|webp|ico|pdf|css|js|ts|mjs|json|md|html?|zip|service)$/i;

function mailAround(text: string, at: number, least: number): Address | null {
  const [before] = name.exec(text.slice(Math.max(least, at - 64), at)) ?? [''];
  if (!before) return null;
  const start = at - before.length;
  if (start > least && /[@/\\]/.test(text[start - 1]!)) return null;
  return mailAfter(text, start, start);
}
function mailAfter(text: string, start: number, from: number): Address | null {
  const local = stick(/[A-Za-z0-9_%+.-]{1,64}@/y, text, from);
  const host = local && stick(mailHost, text, from + local.length);
  if (!local || !host || fileEnding.test(host)) return null;
  return {
    start,
    end: from + local.length + host.length,
    href: `mailto:${encodeURIComponent(local.slice(0, -1))}@${host}`,
  };
}
