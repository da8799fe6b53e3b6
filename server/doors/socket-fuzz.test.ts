import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket as NetSocket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calls as catalogue, type CallName } from '@parley/protocol/catalogue.ts';
import type { Answer } from '@parley/protocol/errors.ts';
import { newId } from '../kernel/ids.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Whatever arrives at the socket door: no crash, no answer of ours that says `internal`, no promise failing unheard, and people who behave
 * notice nothing. A run can be repeated with PARLEY_FUZZ_SEED.
 */
const seed = Number(process.env['PARLEY_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
let world: World;
/** Somebody who behaves, all the while. */
let ada: TestClient;
let mallory: TestClient;
let conversationId: string;
let messageId: string;
const unheard: unknown[] = [];
let sent = 0;

const hear = (error: unknown) => void unheard.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', hear);
  process.on('uncaughtException', hear);
  world = await openWorld();
  ada = await world.device('Ada');
  mallory = await world.device('Mallory', { roles: ['owner'] });
  const group = await ada.group('fuzzed', [mallory]);
  conversationId = group.conversation.id;
  messageId = (await ada.says('something to aim at', { in: group })).id;
});

afterAll(async () => {
  process.off('unhandledRejection', hear);
  process.off('uncaughtException', hear);
  await world?.close();
});

async function adaIsWell(): Promise<void> {
  expect(ada.socket!.connected).toBe(true);
  expect((await ada.call('session:me', {})).id).toBe(ada.userId);
  expect(unheard).toEqual([]);
}

/** The bytes of a client's frame; every part of it can be told to be wrong. */
function frame(
  payload: Buffer | string,
  wrong: { opcode?: number; fin?: boolean; rsv?: number; masked?: boolean; claims?: number } = {},
): Buffer {
  const data = Buffer.from(payload);
  const { opcode = 1, fin = true, rsv = 0, masked = true, claims = data.length } = wrong;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const length =
    claims < 126
      ? [claims]
      : claims < 65_536
        ? [126, claims >> 8, claims & 255]
        : [127, ...new Uint8Array(new BigUint64Array([BigInt(claims)]).buffer).reverse()];
  length[0]! |= masked ? 0x80 : 0;
  return Buffer.concat([Buffer.from([first, ...length, ...(masked ? [0, 0, 0, 0] : [])]), data]);
}

type Raw = { stream: NetSocket; closed: Promise<void>; heard: () => string };

/** A TCP connection that has gone through the upgrade, and through signing in if a token is given. */
async function raw(token?: string, query = 'EIO=4&transport=websocket', headers = ''): Promise<Raw> {
  const stream = connectTcp(Number(new URL(world.origin).port), '127.0.0.1');
  let heard = '';
  stream.on('error', () => undefined);
  stream.on('data', (bytes) => void (heard.length < 2_000_000 && (heard += bytes.toString('latin1'))));
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  stream.write(
    `GET /socket.io/?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`,
  );
  if (token !== undefined) {
    await until(() => heard.includes('"sid"') || stream.destroyed, 'the greeting');
    stream.write(frame(`40${JSON.stringify({ token })}`));
    await until(() => heard.includes('40{') || stream.destroyed, 'being let in');
  }
  return { stream, closed, heard: () => heard };
}

/** Sends each of these over connections of their own kind, a few to a connection, a few connections at once. */
async function throwAt(bytes: Buffer[], token: string | undefined, perConnection: number): Promise<void> {
  const rest = [...bytes];
  const lane = async () => {
    while (rest.length > 0) {
      const { stream, closed } = await raw(token);
      for (const piece of rest.splice(0, perConnection)) {
        if (stream.destroyed || !stream.writable) break;
        stream.write(piece);
        sent++;
      }
      // Half of them leave at once, the others wait for what the server does about it.
      if (sent % 2 === 0) stream.destroy();
      else stream.end();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]);
      stream.destroy();
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

const absurd = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  0,
  1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '👩‍👩‍👧',
  '__proto__',
  'constructor',
  '会议',
  'x'.repeat(70_000),
  [],
  {},
  [[[[[[[[[]]]]]]]]],
  { toString: 1 },
  { $gt: '' },
  "'; drop table users; --",
  '1e9',
  'NaN',
  '%00',
  '../../etc/passwd',
  '<script>',
  { _placeholder: true, num: 0 },
  { _placeholder: true, num: 1e9 },
);

/** Values that a field of this name might well hold, so that verbs are reached and not only the words at the door. */
function fittingFor(key: string): fc.Arbitrary<unknown> {
  const person = fc.constantFrom(mallory.userId, ada.userId, '00000000-0000-7000-8000-000000000000');
  if (key === 'conversationId') return fc.constantFrom(conversationId, conversationId, messageId);
  if (key === 'userId') return person;
  if (/Ids$|^ids$/.test(key)) return fc.array(person, { maxLength: 3 });
  if (key.endsWith('Id')) return fc.constantFrom(messageId, newId(), conversationId);
  if (key === 'heads') return fc.constantFrom({}, { [conversationId]: 0 }, { [conversationId]: 1e9 });
  const words: Record<string, unknown[]> = {
    kind: ['group', 'channel'],
    visibility: ['public', 'private'],
    threading: ['topics', 'replies'],
    state: ['online', 'away'],
    role: ['owner', 'moderator', 'member'],
  };
  if (words[key]) return fc.constantFrom(...words[key]);
  if (['limit', 'before', 'after', 'around', 'at', 'head', 'since', 'line', 'answers', 'cursor'].includes(key))
    return fc.constantFrom<unknown>(0, 1, 2, 50, 100, Number.MAX_SAFE_INTEGER);
  if (['typing', 'muted', 'pinned'].includes(key)) return fc.boolean();
  return fc.oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      '会议',
      '"quoted" -minus OR (',
      '%_\\',
      "it's",
      '<@00000000-0000-7000-8000-000000000000>',
      '👩‍👩‍👧',
      'x'.repeat(200),
    ),
  );
}

/** Inputs shaped like a call's own, with fitting, nearly fitting and absurd values, sometimes a field too many or too few. */
function inputFor(name: CallName): fc.Arbitrary<unknown> {
  const keys = Object.keys((catalogue[name] as unknown as { def: { shape: object } }).def.shape);
  const odd = fc.oneof(
    absurd,
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom<unknown>(-1, 101, 501, Number.MAX_SAFE_INTEGER + 1, { __proto__: 1 }),
  );
  const fitting = fc.record(Object.fromEntries(keys.map((key) => [key, fittingFor(key)])), {
    requiredKeys: keys.filter((key) => /Ids?$|^(body|name|kind|state|typing|role|line|since|answers)$/.test(key)),
  });
  const nearly = fc.record(
    Object.fromEntries(
      keys.map((key) => [key, fc.oneof({ weight: 5, arbitrary: fittingFor(key) }, { weight: 1, arbitrary: odd })]),
    ),
    { requiredKeys: [] },
  );
  return fc.oneof(
    { weight: 6, arbitrary: fitting },
    { weight: 6, arbitrary: nearly },
    { weight: 1, arbitrary: fc.tuple(nearly, fc.dictionary(fc.string(), odd)).map(([a, b]) => ({ ...a, ...b })) },
    { weight: 1, arbitrary: odd },
  );
}

test('every call answers any input, and never with a fault of ours', async () => {
  const names = Object.keys(catalogue) as CallName[];
  const faults: string[] = [];
  const codes = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const inputs = fc.sample(inputFor(name), { numRuns: 160, seed: seed + index });
    for (let at = 0; at < inputs.length; at += 20) {
      const answers = await Promise.all(inputs.slice(at, at + 20).map((input) => mallory.raw(name, input)));
      sent += answers.length;
      answers.forEach((answer: Answer<unknown>, n) => {
        const code = answer.error?.code ?? 'ok';
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === 'internal' || code === 'unavailable')
          faults.push(`${code}: ${name} ${JSON.stringify(inputs[at + n]).slice(0, 500)}`);
        expect(answer.error ?? answer.ok).toBeDefined();
      });
    }
  }
  expect(faults, `seed ${seed}`).toEqual([]);
  expect(codes.get('malformed')).toBeGreaterThan(500);
  expect(codes.get('ok')).toBeGreaterThan(500);
  expect(world.logged.filter((line) => line.includes('"level":"error"') && line.includes('"door"'))).toEqual([]);
  await adaIsWell();
});

test('packets that are no packets end at most their own connection', async () => {
  const name = fc.constantFrom(
    ...Object.keys(catalogue),
    '__proto__',
    'connect',
    'disconnect',
    'error',
    'newListener',
    'disconnecting',
    '',
    '\u0000',
  );
  const json = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom('', '[', '{"', '[]', '[null]', '[[]]', '{"__proto__":{"x":1}}', '['.repeat(5_000), '"\\ud800"'),
  );
  const packet = fc.oneof(
    fc.tuple(fc.nat(9), fc.nat(9), json).map(([eio, sio, rest]) => `${eio}${sio}${rest}`),
    fc
      .tuple(name, json, fc.constantFrom('', '0', '1e9', '999999999999999999999', '-1', '0.5', 'x', '  '))
      .map(([call, input, id]) => `42${id}[${JSON.stringify(call)},${input}]`),
    fc
      .tuple(
        fc.constantFrom('5', '6'),
        fc.constantFrom('0', '1', '2', '10', '11', '1e9', '1000000000', '-1', '1.5', '', '0x10'),
        name,
      )
      .map(([type, count, call]) => `4${type}${count}-[${JSON.stringify(call)},{"_placeholder":true,"num":0}]`),
    fc
      .tuple(
        fc.constantFrom('0', '1', '2', '3', '4'),
        fc.constantFrom('/', '/admin', '/__proto__', '/%00', `/${'n'.repeat(9_000)}`),
        json,
      )
      .map(([type, nsp, rest]) => `4${type}${nsp},${rest}`),
    fc.constantFrom(
      '',
      '0',
      '1',
      '2',
      '2probe',
      '3',
      '3probe',
      '4',
      '5',
      '6',
      '7',
      '40',
      '41',
      '42',
      '43',
      '44',
      '45',
      '46',
      '4',
      'b',
      'bAAAA',
      'b4AA==',
    ),
    fc.tuple(fc.constantFrom('43', '430', '4399999[', '43[', '430[1,2]'), json).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
  const packets = fc.sample(packet, { numRuns: 6_000, seed });
  await throwAt(
    packets.map((text) => frame(text)),
    mallory.session.accessToken,
    4,
  );
  await throwAt(
    packets.slice(0, 600).map((text) => frame(text)),
    undefined,
    4,
  );
  await adaIsWell();
});

test('frames that are no frames end at most their own connection', async () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ maxLength: 200 }).map((text) => Buffer.from(`42["session:me",${text}]`)),
  );
  const wrong = fc.record({
    opcode: fc.nat(15),
    fin: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
    masked: fc.constantFrom(true, true, true, false),
    claims: fc.option(fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 1_000_001, 2 ** 31, 2 ** 40, 2 ** 52), {
      nil: -1,
      freq: 3,
    }),
  });
  const broken = fc
    .sample(fc.tuple(payload, wrong), { numRuns: 2_000, seed })
    .map(([data, { claims, ...rest }]) => frame(data, claims < 0 ? rest : { ...rest, claims }));
  const abuse = [
    ...Array.from({ length: 100 }, () => frame(randomBytes(125), { opcode: 9 })),
    frame(randomBytes(126), { opcode: 9 }),
    frame('', { opcode: 8 }),
    frame(Buffer.from([0]), { opcode: 8 }),
    frame(Buffer.from([3, 231]), { opcode: 8 }),
    frame(Buffer.from([3, 232, 0xff]), { opcode: 8 }),
    frame('x', { opcode: 9, fin: false }),
    frame('x', { opcode: 0 }),
    frame(Buffer.from([0xc3, 0x28])),
    frame('y'.repeat(1_000_001)),
    frame('z'.repeat(999_999)),
    frame('4'.repeat(65_536)),
    ...Array.from({ length: 60 }, () => frame('w', { fin: false })),
    ...Array.from({ length: 60 }, () => randomBytes(400)),
  ];
  await throwAt([...broken, ...abuse], mallory.session.accessToken, 4);
  await adaIsWell();
});

test('upgrades that are no upgrades are refused, whatever they name', async () => {
  const part = fc.constantFrom('EIO', 'transport', 'sid', 't', '__proto__', 'b64', 'j', '');
  const value = fc.constantFrom(
    '3',
    '4',
    '5',
    '',
    'websocket',
    'polling',
    'webtransport',
    '__proto__',
    'constructor',
    'toString',
    '1e9',
    '%00',
    '%',
    '%E0%A4%A',
    'x'.repeat(3_000),
    '../',
  );
  const queries = fc
    .sample(fc.array(fc.tuple(part, value), { maxLength: 4 }), { numRuns: 400, seed })
    .map((pairs) => pairs.map(([key, said]) => `${key}=${said}`).join('&'));
  const headers = [
    'Origin: \u0001\r\n',
    'Origin: null\r\n',
    'X-Forwarded-For: ,,,\r\n',
    'Sec-WebSocket-Extensions: permessage-deflate; x="\r\n',
    'Sec-WebSocket-Protocol: ,\r\n',
    'User-Agent: \r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\n',
    '',
  ];
  for (let at = 0; at < queries.length; at += 20) {
    await Promise.all(
      queries.slice(at, at + 20).map(async (query, n) => {
        const { stream, heard } = await raw(undefined, query, headers[(at + n) % headers.length]);
        sent++;
        await Promise.race([
          until(() => heard().length > 0 || stream.destroyed, 'an answer'),
          new Promise((resolve) => setTimeout(resolve, 2_000)),
        ]);
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(heard())?.[1] ?? 400);
        expect([query, status >= 500]).toEqual([query, false]);
        stream.destroy();
      }),
    );
  }
  await adaIsWell();
  expect(sent).toBeGreaterThan(10_000);
});
