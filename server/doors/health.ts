import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Request, type Router } from 'express';
import { pause } from '../kernel/lifecycle.ts';
import { registry } from '../kernel/telemetry.ts';

/** Something that must work for this process to be of use; throwing says that it does not. */
export type Check = () => Promise<unknown>;

/**
 * For whoever watches over the process: `/livez` (it answers: do not kill it), `/readyz` (send people here: every check passes), `/metrics`
 * (for loopback callers that no proxy speaks for, or with the token). Checks are named, never described: a stranger learns nothing more.
 */
export function health(checks: Readonly<Record<string, Check>>, metricsToken: string): Router {
  const router = express.Router();
  router.get('/livez', (_request, response) => void response.type('text').send('ok\n'));
  router.get('/readyz', async (_request, response) => {
    const states = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await passes(check)] as const),
    );
    const ready = states.every(([, passed]) => passed);
    response
      .status(ready ? 200 : 503)
      .json({ ready, checks: Object.fromEntries(states.map(([name, passed]) => [name, passed ? 'ok' : 'failing'])) });
  });
  router.get('/metrics', async (request, response) => {
    if (!mayMeasure(request, metricsToken)) return void response.status(404).type('text').send('Not found.\n');
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

/** A check that does not answer in three seconds has not passed. */
async function passes(check: Check): Promise<boolean> {
  const given = new AbortController();
  try {
    return await Promise.race([check().then(() => true), pause(3_000, given.signal).then(() => false)]);
  } catch {
    return false;
  } finally {
    given.abort();
  }
}

function mayMeasure(request: Request, token: string): boolean {
  if (token) return sameText(request.headers.authorization ?? '', `Bearer ${token}`);
  const spokenFor = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined;
  return !spokenFor && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
}

const digest = (text: string) => createHash('sha256').update(text).digest();
const sameText = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));
