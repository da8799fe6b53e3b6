import { browserKeyPlace } from '@parley/look/device-key-place.ts';
import { deviceKeyIn } from '@parley/sdk/device-key.ts';

/*
 * One request to the server as this device: with the access token and, where the browser can keep a key, a proof of it
 * (RFC 9449). The key is the chat's, since both share one session.
 */

const key = deviceKeyIn(browserKeyPlace);
/** What the next proof must contain, as the server said last. */
let nonce: string | undefined;

export type Request = { method: string; body?: unknown; token?: string | null; signal?: AbortSignal };

/** Rejects only when no answer came. A proof that needs another nonce is made anew, once. */
export async function send(path: string, request: Request): Promise<Response> {
  const first = await sendOnce(path, request);
  if (first.status !== 401 || !(await first.clone().text()).includes('"stale_proof"')) return first;
  return sendOnce(path, request);
}

async function sendOnce(path: string, { method, body, token, signal }: Request): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  const url = location.origin + path.split('?', 1)[0]!;
  // Without a key, or while it cannot be read, the server says what that means.
  const found = await key().catch(() => null);
  const proof = await found?.prove({ method, url, token: token ?? undefined, nonce });
  if (proof !== undefined) headers['dpop'] = proof;
  if (token) headers['authorization'] = `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}`;
  const response = await fetch(path, {
    method,
    headers,
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  nonce = response.headers.get('dpop-nonce') ?? nonce;
  return response;
}
