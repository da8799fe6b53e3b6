import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faults, type Refusal } from '@parley/protocol/errors.ts';
import { hostileValue, inParallel, spoiled, garbled } from '../testing/hostile.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

const seed = 20_261_123;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);

let world: World;
let ada: Visitor;
let deviceId: string;
beforeAll(async () => {
  process.on('unhandledRejection', hear);
  world = await openWorld();
  ada = visitor(world.origin);
  // Without a cookie: sixteen refreshes at once with one cookie would be taken for a copied token, and rightly.
  deviceId = (await ada.signIn(await world.person('Ada', { roles: ['owner', 'member'] }), { keep: 'body' })).deviceId;
});
afterAll(async () => {
  process.off('unhandledRejection', hear);
  await world.close();
});

/** No answer is of our making, and every refusal is one of those we know. */
function judge(status: number, error: Refusal | undefined, said: string): void {
  if (status < 400) return;
  if (
    status >= 500 ||
    !error ||
    !(error.code in faults) ||
    error.code === 'internal' ||
    !error.message ||
    /\n {4}at /.test(error.message)
  )
    throw new Error(`answered ${status} ${JSON.stringify(error)} to ${said.slice(0, 500)}`);
}

test(
  'six thousand malformed bodies on every REST address: no 500, nothing unheard, and the server still answers',
  { timeout: 900_000 },
  async () => {
    const account = await world.person('Ada');
    const signIn = { email: account.email, password: 'not the password', device: 'fuzz', keep: 'body' };
    const bodies = fc.oneof(
      fc.tuple(fc.constant('POST'), fc.constant('/api/session'), spoiled(signIn)),
      fc.tuple(
        fc.constant('POST'),
        fc.constant('/api/session/refresh'),
        spoiled({ refreshToken: `${deviceId}.${'A'.repeat(43)}.${'A'.repeat(22)}` }),
      ),
      fc.tuple(
        fc.constant('POST'),
        fc.constant('/api/set-up'),
        spoiled({ code: 'x', organisation: 'x', name: 'x', email: 'a@example.com', password: 'twelve letters' }),
      ),
      fc.tuple(
        fc.constant('DELETE'),
        fc.constantFrom('/api/session/devices/00000000-0000-7000-8000-000000000000', `/api/session/devices/x`),
        spoiled({ reason: 'x' }),
      ),
      fc.tuple(
        fc.constantFrom('PUT', 'PATCH', 'POST'),
        fc.constantFrom('/api/status', '/api/me', '/api/nothing', '/'),
        spoiled({}),
      ),
    );
    let refused = 0;
    const cases = fc.sample(bodies, { numRuns: 6_000, seed });
    await inParallel(cases, 16, async ([method, path, body]) => {
      const reply = await ada.ask(method, path, body);
      judge(
        reply.status,
        path === '/' ? { code: 'not_found', message: 'text', fault: 'yours' } : reply.body.error,
        `${method} ${path} ${body}`,
      );
      if (reply.status >= 400) refused++;
    });
    expect(refused).toBeGreaterThan(5_500);
    expect(unheard).toEqual([]);
    expect((await ada.ask('GET', '/api/me')).text).toContain('"permissions"');
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  },
);

test(
  'fifteen hundred malformed addresses, queries and headers: no 500, nothing unheard',
  { timeout: 900_000 },
  async () => {
    const wild = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => encodeURIComponent(text.toWellFormed()));
    const paths = fc.oneof(
      fc
        .tuple(
          fc.constantFrom(
            '/',
            '/api/',
            '/api/session/',
            '/api/session/devices/',
            '/admin/',
            '/graphql/',
            '/assets/',
            '/socket.io/',
          ),
          fc.oneof(wild, fc.constantFrom('%', '%ff', '%00', '..%2f..%2f', '%2e%2e/', '//', ';', '%c0%ae')),
        )
        .map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom('/api/me?', '/api/status?', '/readyz?'), garbled('a=1&b[c]=2&__proto__[x]=1'))
        .map(([path, query]) => path + encodeURI(query.toWellFormed())),
    );
    const header = fc.tuple(
      fc.constantFrom('authorization', 'cookie', 'content-type', 'accept', 'x-forwarded-for', 'range', 'if-none-match'),
      hostileValue.map((value) =>
        String(JSON.stringify(value))
          .replace(/[^\x20-\x7e]/g, '')
          .slice(0, 2_000),
      ),
    );
    const cases = fc.sample(fc.tuple(fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'), paths, header), {
      numRuns: 1_500,
      seed,
    });
    await inParallel(cases, 16, async ([method, path, [name, value]]) => {
      const reply = await ada.ask(method, path, undefined, { [name]: value });
      // An interface that was not built says so.
      if (
        reply.status >= 500 &&
        !(reply.status === 503 && (reply.text.includes('has not been built') || method === 'HEAD'))
      )
        throw new Error(`answered ${reply.status} ${reply.text.slice(0, 200)} to ${method} ${path} ${name}: ${value}`);
      expect(reply.text).not.toMatch(/\n {4}at /);
    });
    expect(unheard).toEqual([]);
    // One of them signed its own session out, and Ada's account has been guessed at too often to come back so soon.
    await ada.signIn(await world.person('Ben'), { keep: 'body' });
    expect((await ada.ask('GET', '/api/me')).text).toContain('"permissions"');
  },
);
