import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Whether a page of this origin may use our doors. Browsers always say where a page comes from; programs that are no browser say nothing and
 * carry their credentials on purpose, so nobody can borrow them. `also` are the origins of the settings.
 */
export function mayComeFrom(origin: string | undefined, host: string | undefined, also: ReadonlySet<string>): boolean {
  if (origin === undefined) return true;
  if (also.has(origin)) return true;
  // A page served by this very host, whatever scheme a proxy in front speaks.
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** The origins named by the settings: the public address and the further ones. */
export function knownOrigins(settings: { publicUrl: string | null; origins: readonly string[] }): Set<string> {
  const written = [...settings.origins, ...(settings.publicUrl ? [settings.publicUrl] : [])];
  return new Set(written.filter((one) => URL.canParse(one)).map((one) => new URL(one).origin));
}

export type HostSettings = { host: string; publicUrl: string | null; origins: readonly string[] };

/**
 * Judges the Host a request asks for. A page elsewhere can let a name of its own point at our address (DNS rebinding):
 * the browser then takes our answers for that page's, and only the Host tells. With a public address, it and the
 * further origins are asked for; on this machine also loopback. Without one, what no foreign page can have as its name:
 * addresses written as numbers, loopback names, the name of the machine and the one we listen on. A missing Host is no
 * browser's.
 */
export function hostJudge({ host, publicUrl, origins }: HostSettings): (asked: string | undefined) => boolean {
  const known = new Set<string>();
  for (const written of [...origins, ...(publicUrl ? [publicUrl] : [])])
    if (URL.canParse(written)) known.add(new URL(written).hostname);
  if (!publicUrl) for (const name of [host, hostname()]) known.add(name.toLowerCase());
  return (asked) => {
    if (asked === undefined) return true;
    const name = hostnameOf(asked);
    if (name === null) return false;
    return known.has(name) || isLoopbackName(name) || (!publicUrl && isIP(name.replace(/^\[|\]$/g, '')) > 0);
  };
}

/**
 * The name or address in a Host header, lower-case and without its port; null where it is none. An IPv6 address keeps
 * its brackets.
 */
export function hostnameOf(asked: string): string | null {
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(asked) || !URL.canParse(`http://${asked}`)) return null;
  return new URL(`http://${asked}`).hostname.replace(/\.$/, '');
}

/** Whether a name or an address, with or without brackets, is this machine's own and reached by nothing else. */
export const isLoopbackName = (name: string): boolean =>
  /^(localhost|[\w.-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?)$/i.test(name);

export const foreignHost =
  'This server does not answer for the host this request asks for. Use its own address; the operator names it with PARLEY_PUBLIC_URL.';

/** Who calls, as far as the trusted proxies can tell: each of them appended the address it saw. */
export function addressOf(request: IncomingMessage, trustProxy: number): string {
  const direct = request.socket.remoteAddress ?? 'unknown';
  if (trustProxy === 0) return direct;
  const seen = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  return seen.at(-trustProxy) ?? seen[0] ?? direct;
}

/** An address as limits count it: a client with one IPv6 address has a whole /64 of them. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('%')[0]!.split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const groups =
    tail === undefined
      ? front
      : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
