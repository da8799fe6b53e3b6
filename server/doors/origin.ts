import type { IncomingMessage } from 'node:http';

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

/** An address as limits count it: whoever has one IPv6 address has a whole /64 of them. */
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
