import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorld, type World } from '../testing/world.ts';
import { hostJudge } from './origin.ts';

let named: World;
let unnamed: World;
beforeAll(async () => {
  named = await openWorld({
    env: { PARLEY_PUBLIC_URL: 'https://chat.example.com', PARLEY_ORIGINS: 'https://intranet.example.com' },
  });
  unnamed = await openWorld();
});
afterAll(async () => {
  await named.close();
  await unnamed.close();
});

/** The answer to a request for another host than the one it is sent to, which fetch does not let one ask. */
async function ask(world: World, host: string, path: string, more = ''): Promise<string> {
  const { hostname, port } = new URL(world.origin);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more || 'Connection: close\r\n'}\r\n`);
  if (more) await once(socket, 'data');
  else await once(socket, 'close');
  socket.destroy();
  return text;
}
const statusOf = async (...asked: Parameters<typeof ask>) => Number((await ask(...asked)).split(' ')[1]);
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const socketPath = '/socket.io/?EIO=4&transport=websocket';

test('a foreign host is refused with a sentence at every door, health aside', async () => {
  for (const world of [named, unnamed]) {
    for (const path of ['/', '/admin/', '/api/status', '/graphql'])
      expect(await ask(world, 'evil.example', path), path).toMatch(/^HTTP\/1\.1 421 [^]*PARLEY_PUBLIC_URL/);
    expect(await statusOf(world, 'evil.example', socketPath, upgrade)).toBe(421);
    for (const path of ['/livez', '/readyz']) expect(await statusOf(world, '10.9.8.7', path)).toBe(200);
    expect(await statusOf(world, 'evil.example', '/metrics')).not.toBe(200);
  }
  expect(await statusOf(named, 'chat.example.com', '/api/status')).toBe(200);
  expect(await statusOf(named, 'chat.example.com', socketPath, upgrade)).toBe(101);
  expect(await statusOf(unnamed, '127.0.0.1', socketPath, upgrade)).toBe(101);
});

test.each<[string | undefined, boolean, boolean]>([
  ['chat.example.com', true, false],
  ['CHAT.example.com:443', true, false],
  ['chat.example.com.', true, false],
  ['intranet.example.com', true, false],
  ['evil.example', false, false],
  ['chat.example.com.evil.example', false, false],
  ['chat.example.com@evil.example', false, false],
  ['localhost:3000', true, true],
  ['127.0.0.1', true, true],
  ['[::1]:3000', true, true],
  ['localhost.evil.example', false, false],
  ['127.0.0.1.evil.example', false, false],
  ['203.0.113.9', false, true],
  ['[2001:db8::1]:3000', false, true],
  ['', false, false],
  [undefined, true, true],
])('Host %s: with a public address %s, without one %s', (asked, withAddress, without) => {
  const settings = {
    host: '0.0.0.0',
    publicUrl: 'https://chat.example.com',
    origins: ['https://intranet.example.com'],
  };
  expect(hostJudge(settings)(asked)).toBe(withAddress);
  expect(hostJudge({ host: '0.0.0.0', publicUrl: null, origins: [] })(asked)).toBe(without);
});
