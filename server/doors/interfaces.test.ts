import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor } from '../testing/http.ts';
import { secondDoor } from '../testing/second-door.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('the interfaces are served: hashed files for ever, the page every time, source maps and neighbours never', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-interface-'));
  mkdirSync(join(folder, 'chat', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'chat', 'index.html'), '<!doctype html><title>chat</title>');
  writeFileSync(join(folder, 'chat', 'assets', 'app-abc123.js'), 'export {};');
  writeFileSync(join(folder, 'chat', 'assets', 'app-abc123.js.map'), '{"sources":[]}');
  writeFileSync(join(folder, 'chat', '.secret'), 'hidden');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  const door = await secondDoor(world, [], {
    interfaces: [
      { at: '/', folder: join(folder, 'chat'), name: 'The chat' },
      { at: '/admin/', folder: join(folder, 'console'), name: 'The console' },
    ],
  });
  try {
    const get = (path: string) => visitor(door.origin).ask('GET', path);
    for (const path of ['/', '/c/some-conversation', '/set-up'])
      expect((await get(path)).text, path).toContain('<title>chat');
    expect((await get('/')).headers.get('cache-control')).toBe('no-cache');
    expect((await get('/assets/app-abc123.js')).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    );
    expect((await get('/assets/app-abc123.js')).headers.get('content-type')).toContain('javascript');
    for (const path of [
      '/assets/app-abc123.js.map',
      '/assets/none.js',
      '/.secret',
      '/%2e%2e/outside.txt',
      '/..%2foutside.txt',
      '/assets/',
      '/assets/%00.js',
    ]) {
      const reply = await get(path);
      expect(reply.text, path).not.toMatch(/sources|hidden|outside|app-abc123/);
    }
    expect((await get('/assets/none.js')).status).toBe(404);
    const console = await get('/admin/people');
    expect([console.status, console.text]).toEqual([
      503,
      expect.stringContaining('The console has not been built yet'),
    ]);
    expect((await get('/admin')).headers.get('location')).toBe('/admin/');
    expect((await visitor(door.origin).ask('POST', '/')).status).toBe(404);
  } finally {
    door.close();
    rmSync(folder, { recursive: true });
  }
});
