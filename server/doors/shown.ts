import type { IncomingMessage } from 'node:http';
import type { Shown } from '../kernel/authority.ts';
import type { Doorway } from '../kernel/work.ts';

/** What an HTTP request shows beside its token. `target` is what was asked, query included. */
export const shownBy = (
  { method = 'GET', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  target: string,
  { door, address }: Doorway,
): Shown => ({
  door,
  method,
  path: target.split('?', 1)[0]!,
  host: headers.host,
  address,
  proof: headers['dpop'] === undefined ? undefined : String(headers['dpop']),
});
