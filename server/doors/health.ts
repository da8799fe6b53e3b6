import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Request, type Router } from 'express';
import { pause } from '../kernel/lifecycle.ts';
import { registry } from '../kernel/telemetry.ts';
import { hostnameOf, isLoopbackName } from './origin.ts';

/** Something that must work for this process to be of use; throwing says that it does not. */
export type Check = () => Promise<unknown>;

/**
 * Thrown by a check that can say in a word and a sentence what is wrong; neither may hold anything a stranger must not
 * know.
 */
export class NotReady extends Error {
  readonly state: string;

  constructor(state: string, sentence: string) {
    super(sentence);
    this.state = state;
  }
}

export type MetricsSettings = { metricsToken: string; host: string; publicUrl: string | null; trustProxy: number };

/**
 * For what watches over the process: `/livez` (it answers: do not kill it), `/readyz` (send people here: every check
 * passes), `/metrics` (with the token; without one only where the server listens on loopback with no proxy in front,
 * and for callers on this machine). Checks are named, and described only in sentences of their own: a stranger learns
 * nothing more.
 */
export function health(checks: Readonly<Record<string, Check>>, settings: MetricsSettings): Router {
  const router = express.Router();
  router.get('/livez', (_request, response) => void response.type('text').send('ok\n'));
  router.get('/readyz', async (_request, response) => {
    const states = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await judge(check)] as const),
    );
    const ready = states.every(([, { state }]) => state === 'ok');
    const why = states.flatMap(([name, { sentence }]) => (sentence ? [[name, sentence] as const] : []));
    response.status(ready ? 200 : 503).json({
      ready,
      checks: Object.fromEntries(states.map(([name, { state }]) => [name, state])),
      ...(why.length > 0 ? { why: Object.fromEntries(why) } : {}),
    });
  });
  router.get('/metrics', async (request, response) => {
    const refusal = refuseMeasuring(request, settings);
    if (refusal) return void response.status(refusal.status).type('text').send(`${refusal.sentence}\n`);
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

type Judgement = { state: string; sentence?: string };

/** A check that does not answer in three seconds has not passed. */
async function judge(check: Check): Promise<Judgement> {
  const given = new AbortController();
  try {
    return await Promise.race([
      check().then(() => ({ state: 'ok' })),
      pause(3_000, given.signal).then(() => ({ state: 'failing' })),
    ]);
  } catch (error) {
    return error instanceof NotReady ? { state: error.state, sentence: error.message } : { state: 'failing' };
  } finally {
    given.abort();
  }
}

/**
 * Without a token nothing tells a proxy on this machine from a caller on this machine, unless the proxy says so. So the
 * door is open only where the settings know of no proxy and of no way in from elsewhere.
 */
function refuseMeasuring(request: Request, settings: MetricsSettings): { status: number; sentence: string } | null {
  if (settings.metricsToken)
    return sameText(request.headers.authorization ?? '', `Bearer ${settings.metricsToken}`)
      ? null
      : { status: 404, sentence: 'Not found.' };
  const isBehindProxy =
    settings.trustProxy > 0 || (settings.publicUrl !== null && !isLoopbackName(new URL(settings.publicUrl).hostname));
  if (!isLoopbackName(settings.host) || isBehindProxy)
    return {
      status: 403,
      sentence: 'Metrics need a bearer token here, and none is set: give the server PARLEY_METRICS_TOKEN.',
    };
  const isSpokenFor = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via'].some(
    (name) => request.headers[name] !== undefined,
  );
  const isLocal =
    isLoopbackName(hostnameOf(request.headers.host ?? 'localhost') ?? '') &&
    /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
  return isSpokenFor || !isLocal ? { status: 404, sentence: 'Not found.' } : null;
}

const digest = (text: string) => createHash('sha256').update(text).digest();
const sameText = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));
