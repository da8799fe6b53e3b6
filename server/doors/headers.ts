import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { newId } from '../kernel/ids.ts';

/**
 * What every answer carries, errors and files included: a name for the request, and a policy under which a page runs only what we serve.
 * `connect-src` names the socket's address itself, since not every browser counts `ws:` as the same origin.
 */
export function everyAnswer({ publicUrl }: { publicUrl: string | null }): RequestHandler {
  const secure = publicUrl?.startsWith('https:') ?? false;
  const common = helmet({
    contentSecurityPolicy: false,
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  return (request, response, next) => {
    const host = request.headers.host ?? '';
    const socket = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(host) ? ` ws://${host} wss://${host}` : '';
    response.setHeader('x-request-id', newId());
    response.setHeader('content-security-policy', `${policy}; connect-src 'self'${socket}`);
    response.setHeader(
      'permissions-policy',
      'accelerometer=(), browsing-topics=(), camera=(self), display-capture=(self), geolocation=(), microphone=(self), payment=(), usb=()',
    );
    common(request, response, next);
  };
}

const policy = [
  `default-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data: blob:`,
  `object-src 'none'`,
  `base-uri 'none'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
].join('; ');
