import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

/*
 * The key of a browser: bound at sign-in, shared by chat and console, out of reach of scripts, and asked for at every
 * door.
 */

let world: World;
let browser: Browser;
const open: Window[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld({ env: { PARLEY_ORIGINS: 'http://chat.lan' } }), openBrowser()]);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function arrive(person?: { email: string; password: string }): Promise<Window> {
  const window = await openWindow(browser, world.origin);
  open.push(window);
  await window.page.goto('/');
  if (person) await window.signIn(person);
  return window;
}

const talks = ({ page }: Window) => page.locator('nav[data-region]').waitFor({ state: 'attached' });
const asksToSignIn = ({ page }: Window) => page.locator('#email').waitFor();
const devices = (userId: string) =>
  world.db.rows<{ thumbprint: string | null; because: string | null }>(
    'select key_thumbprint as thumbprint, ended_because as because from devices where user_id = $1 order by created_at',
    [userId],
  );
const cookiesOf = (context: BrowserContext) => context.cookies(`${world.origin}/api/session`);

test('chat and console of one browser share a session and its key, across reloads', async () => {
  const olga = await world.person('Olga', { roles: ['owner', 'member'] });
  const window = await arrive(olga);
  expect(await devices(olga.id)).toEqual([{ thumbprint: expect.stringMatching(/^[\w-]{43}$/), because: null }]);
  await window.page.reload();
  await talks(window);
  const desk = await window.page.context().newPage();
  await desk.goto('/admin/people');
  await desk.getByText('Olga').first().waitFor();
  await desk.reload();
  await desk.getByText('Olga').first().waitFor();
  await window.page.reload();
  await talks(window);
  expect(await devices(olga.id)).toHaveLength(1);
});

test('no script can read the private key of a browser', async () => {
  const window = await arrive(await world.person('Ada'));
  const outcome = await window.page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const asked = indexedDB.open('parley-key', 1);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error!);
    });
    const pair = await new Promise<CryptoKeyPair>((resolve) => {
      const found = database.transaction('keys').objectStore('keys').get('session');
      found.onsuccess = () => resolve(found.result as CryptoKeyPair);
    });
    database.close();
    return Promise.all(
      (['jwk', 'pkcs8'] as const).map((form) =>
        crypto.subtle.exportKey(form, pair.privateKey).then(
          () => 'read',
          (error: Error) => error.name,
        ),
      ),
    );
  });
  expect(outcome).toEqual(['InvalidAccessError', 'InvalidAccessError']);
});

test('cookies copied to another browser give no session there; the first one goes on', async () => {
  const ben = await world.person('Ben');
  const window = await arrive(ben);
  const thief = await openWindow(browser, world.origin);
  open.push(thief);
  await thief.page.context().addCookies(await cookiesOf(window.page.context()));
  await thief.page.goto('/');
  await asksToSignIn(thief);
  await window.page.reload();
  await talks(window);
  expect(await devices(ben.id)).toEqual([{ thumbprint: expect.any(String), because: null }]);
});

test('a browser that lost its key signs in anew, and the device before is ended', async () => {
  const cleo = await world.person('Cleo');
  const window = await arrive(cleo);
  // As when a person clears site data and keeps cookies.
  await window.page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const asked = indexedDB.deleteDatabase('parley-key');
        asked.onsuccess = () => resolve();
        asked.onerror = () => reject(asked.error!);
      }),
  );
  await window.page.reload();
  await asksToSignIn(window);
  await window.signIn(cleo);
  expect(await devices(cleo.id)).toEqual([
    { thumbprint: expect.any(String), because: 'replaced by a new sign-in' },
    { thumbprint: expect.any(String), because: null },
  ]);
  await window.page.reload();
  await talks(window);
});

test('over plain http from another machine, chat works without a device key', async () => {
  const dora = await world.person('Dora');
  const outside = await chromium.launch({
    executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP chat.lan 127.0.0.1'],
  });
  try {
    const origin = world.origin.replace('127.0.0.1', 'chat.lan');
    const window = await openWindow(outside, origin);
    await window.page.goto('/');
    expect(await window.page.evaluate(() => isSecureContext)).toBe(false);
    await window.signIn(dora);
    await window.page.reload();
    await talks(window);
    await window.close();
    expect(await devices(dora.id)).toEqual([{ thumbprint: null, because: null }]);
  } finally {
    await outside.close();
  }
});
