import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until } from '../../server/testing/client.ts';
import { visitor, type Visitor } from '../../server/testing/http.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let window: Window;
let olga: Visitor;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner', { roles: ['owner', 'member'] }));
});
afterEach(() => window?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const fresh = 'seven lamps over water';
const resetLinkOf = async (id: string) => {
  const { done } = await olga.act('resetPassword', { id }, 'forgot it');
  return done!.resetLink!;
};
const mayEnter = async (email: string, password: string) =>
  (await visitor(world.origin).ask('POST', '/api/session', { email, password })).status === 200;

test('the account menu leads to the page; a new password is set and other devices end', async () => {
  const ada = await world.person('Ada Lindqvist');
  const other = visitor(world.origin);
  await other.signIn(ada, { device: 'An old tablet' });
  window = await openWindow(browser, world.origin);
  const { page } = window;
  await window.signIn(ada);
  await page.locator('nav .who').click();
  await page.getByRole('menuitem', { name: 'Your account' }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/account');
  await page.getByText('An old tablet').waitFor();

  const submit = page.getByRole('button', { name: 'Change the password' });
  await page.getByLabel('Current password').fill('not this one at all');
  await page.getByLabel('New password').fill('too short');
  await page.getByText('At least 15 characters (now 9)').waitFor();
  await submit.click();
  await page.getByRole('alert').getByText('The password is too short.').waitFor();
  await page.getByLabel('New password').fill('Ada Lindqvist 1234567');
  await submit.click();
  await page.getByRole('alert').getByText('built on a name').waitFor();
  await page.getByLabel('New password').fill('poweroverwhelming');
  await submit.click();
  await page.getByRole('alert').getByText('The current password is wrong.').waitFor();
  await page.getByLabel('Current password').fill(ada.password);
  await submit.click();
  await page.getByRole('alert').getByText('lists of leaked passwords').waitFor();
  await page.getByLabel('New password').fill(fresh);
  await submit.click();
  await page.getByText('Your password was changed.').waitFor();
  expect(await page.getByLabel('New password').inputValue()).toBe('');
  await page.getByText('An old tablet').waitFor({ state: 'detached' });
  expect((await other.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  expect([await mayEnter(ada.email, ada.password), await mayEnter(ada.email, fresh)]).toEqual([false, true]);
});

test('a suggested password is shown, and keeps every rule', async () => {
  const ben = await world.person('Ben Okafor');
  window = await openWindow(browser, world.origin);
  const { page } = window;
  await window.signIn(ben);
  await page.goto('/account');
  await page.getByLabel('Current password').fill(ben.password);
  await page.getByRole('button', { name: 'Suggest a password' }).click();
  const field = page.getByLabel('New password');
  expect(await field.getAttribute('type')).toBe('text');
  const suggested = await field.inputValue();
  expect(suggested).toMatch(/^([a-z]{4}-){4}[a-z]{4}$/);
  expect(await page.locator('#password-rules li.met').count()).toBe(2);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password was changed.').waitFor();
  expect(await mayEnter(ben.email, suggested)).toBe(true);
});

test('own devices: one is signed out, then all others, then everywhere', async () => {
  const mei = await world.person('Mei Tanaka');
  const [one, two, three] = [visitor(world.origin), visitor(world.origin), visitor(world.origin)];
  for (const [n, who] of [one, two, three].entries()) await who.signIn(mei, { device: `Tablet ${n + 1}` });
  window = await openWindow(browser, world.origin);
  const { page } = window;
  await window.signIn(mei);
  await page.goto('/account');
  const line = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await line('This device').waitFor();
  expect(await line('This device').getByRole('button').count()).toBe(0);
  await page.getByRole('button', { name: 'Sign out Tablet 1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await line('Tablet 1').waitFor({ state: 'detached' });
  const ended = async (who: Visitor) => (await who.ask('GET', '/api/me')).status === 401;
  expect([await ended(one), await ended(two)]).toEqual([true, false]);

  await page.getByRole('button', { name: 'Sign out all other devices' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out all other devices' }).click();
  await line('Tablet 2').waitFor({ state: 'detached' });
  expect([await ended(two), await ended(three)]).toEqual([true, true]);
  expect(await page.getByRole('listitem').filter({ hasText: 'Signed in' }).count()).toBe(1);

  // Leaving loads the page anew: closing the window in the middle of that can hang the browser.
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await loaded;
  await page.locator('#email').waitFor();
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await until(
    async () =>
      (await world.db.rows('select from devices where user_id = $1 and ended_at is null', [mei.id])).length === 0,
    'every device to be ended',
  );
});

test('a reset link shows its person, sets the password and opens the chat, once', async () => {
  const noor = await world.person('Noor Haddad');
  const link = await resetLinkOf(noor.id);
  window = await openWindow(browser, world.origin);
  const { page } = window;
  await page.goto(link);
  await page.getByText(noor.email).waitFor();
  await page.getByText('Noor Haddad').waitFor();
  await page.getByLabel('New password').fill('ffffffffffffffffffffff');
  await page.getByRole('button', { name: 'Set the password and sign in' }).click();
  await page.getByRole('alert').getByText('too easy to guess').waitFor();
  await page.getByLabel('New password').fill(fresh);
  await page.getByRole('button', { name: 'Set the password and sign in' }).click();
  await page.locator('nav .who').waitFor();
  await page.goto('/');
  await page.goto(link);
  await page.getByRole('alert').getByText('not valid any more').waitFor();
  await page.goto('/sign-in');
  await page.goto('/reset');
  await page.getByRole('alert').getByText('This link is incomplete').waitFor();
});

test.each([
  { language: 'en', viewport: { width: 1280, height: 800 } },
  { language: 'zh-CN', viewport: { width: 390, height: 844 } },
] as const)('account and reset page have no barrier and fit the window: $language', async (look) => {
  const lin = await world.person('林晓雯');
  const wide = await visitor(world.origin).signIn(lin, { device: `${'A very long name of a device '.repeat(4)}x` });
  expect(wide.deviceId).toBeTruthy();
  window = await openWindow(browser, world.origin, look);
  const { page } = window;
  const shows = async (what: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await window.barriers(), `${what}, ${colorScheme}`).toEqual([]);
      if (process.env['SHOTS']) {
        mkdirSync(process.env['SHOTS'], { recursive: true });
        await page.screenshot({ path: `${process.env['SHOTS']}/${what}-${look.language}-${colorScheme}.png` });
      }
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), what).toBe(false);
  };
  await page.goto(await resetLinkOf(lin.id));
  await page.getByText(lin.email).waitFor();
  await page.locator('#password').fill('a beginning');
  await shows('reset');
  await window.signIn(lin);
  await page.goto('/account');
  await page.getByRole('listitem').last().waitFor();
  await page.locator('#password').fill('a beginning that is long');
  await shows('account');
  await page.locator('.account .acts .destroy').scrollIntoViewIfNeeded();
  await shows('devices');
  await page.goto('/account?from=console');
  await page.locator('a[href="/admin/"]').waitFor();
});
