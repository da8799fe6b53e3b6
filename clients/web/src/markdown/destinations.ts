import { hostOf } from './addresses.ts';

/**
 * Where an explicit link may lead: `http(s)://host…` without a user's name in it, or an e-mail address. `https:host`
 * without slashes is left out, as browsers read it as a path of the page.
 */
export function isDestination(href: string): boolean {
  if (/^mailto:[^\s@]+@[^\s@]+$/i.test(href)) return true;
  if (!/^https?:\/\/[^/\\?#]/i.test(href)) return false;
  const url = URL.parse(href);
  return url !== null && url.hostname !== '' && url.username === '' && url.password === '';
}

/** Where a link leads, in the letters the network uses: its host, or whom the e-mail goes to. */
export function destinationOf(href: string): string {
  return /^mailto:/i.test(href)
    ? decoded(href.slice('mailto:'.length).split('?')[0]!)
    : (URL.parse(href)?.host ?? href);
}
const decoded = (text: string) =>
  text.replace(/%([2-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

/**
 * What must be shown beside a link because its text says something else: the real destination if the text holds an
 * address of another host, or spells this one in letters that look like others. Null if the text deceives no one.
 */
export function destinationToShow(text: string, href: string): string | null {
  const real = destinationOf(href);
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  const deceives = hostsIn(plain).some((host) => !isSame(host, real) || isLookalike(host));
  return deceives ? real : null;
}

const written =
  /[a-z][a-z0-9+.-]{1,20}:\/\/([^\s/?#\\<>"'`]+)|([\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+)|((?<![\p{L}\p{N}_.-])[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,24})(?![\p{L}\p{N}_-])/giu;
/** What a text says that looks like a host but names a file or a technology: it promises no place. */
const file =
  /\.(?:md|txt|pdf|docx?|xlsx?|pptx?|csv|log|json|ya?ml|toml|xml|html?|css|js|mjs|cjs|ts|jsx|tsx|vue|py|rb|rs|go|java|kt|swift|c|h|cc|cpp|cs|php|sh|sql|zip|gz|tar|png|jpe?g|gif|svg|webp|mp[34]|mov|exe|dmg|net|lock|conf|ini|env)$/i;
const isFile = (name: string) => file.test(name) && !name.endsWith('.net');

function hostsIn(text: string): string[] {
  return Array.from(text.matchAll(written), ([, web, mail, bare]) =>
    web !== undefined ? web.slice(web.lastIndexOf('@') + 1) : (mail ?? (isFile(bare!) ? '' : bare!)),
  ).filter(Boolean);
}

function isSame(host: string, real: string): boolean {
  if (host.includes('@')) return host.toLowerCase() === real.toLowerCase() || isSame(host.split('@')[1]!, real);
  const bare = (name: string) => name.replace(/^www\./, '').replace(/:\d+$/, '');
  return bare(hostOf(`http://${host}`) ?? host) === bare(real.split('@').at(-1)!);
}

const plainLabel = /^[ -~\u00c0-\u017e]*$/;
/** Letters of several alphabets in one word, or a word of a foreign alphabet under a Latin ending: `аррӏе.com`. */
function isLookalike(host: string): boolean {
  const labels = host.split('.');
  const isLatinEnding = plainLabel.test(labels.at(-1)!);
  return labels.some((label) => {
    if (plainLabel.test(label)) return false;
    if (
      /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc\u3005-\u3007a-z0-9-]*$/iu.test(
        label,
      )
    )
      return false;
    return isLatinEnding || /\p{Script=Latin}/u.test(label);
  });
}
