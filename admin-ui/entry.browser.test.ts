import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until } from '../server/testing/client.ts';
import { visitor } from '../server/testing/http.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
const open: (Window | Desk)[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  await world.person('Adam Administrator', { roles: ['administrator'] });
  await world.person('Anna Analyst', { roles: ['analyst'] });
  await world.person('Arno Auditor', { roles: ['auditor'] });
  await world.person('Mia Member');
  await world.person('Gus Guest', { roles: ['guest'], kind: 'guest' });
  await world.person('Release Bot', { kind: 'bot' });
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function arrive(address: string, look: Parameters<typeof openWindow>[2] = {}) {
  const window = await openWindow(browser, world.origin, look);
  open.push(window);
  await window.page.goto(`/admin${address}`);
  await window.page.locator('#email').waitFor();
  return window;
}
async function sit(who: string, look: Parameters<typeof openDesk>[3] = {}) {
  const desk = await openDesk(browser, world.origin, await world.person(who), look);
  open.push(desk);
  return desk;
}
async function fill({ page }: Window, email: string, password: string) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('button[type=submit]').click();
}

test.each([
  { colorScheme: 'light', language: 'en' },
  { colorScheme: 'dark', language: 'zh-CN' },
  { colorScheme: 'dark', language: 'en' },
  { colorScheme: 'light', language: 'zh-CN' },
] as const)('entry, overview and search have no barrier: $colorScheme, $language', async (look) => {
  const window = await arrive('/', look);
  expect(await window.barriers(), 'sign-in').toEqual([]);
  await fill(window, 'nobody@example.com', 'not the password');
  await window.page.getByRole('alert').waitFor();
  expect(await window.barriers(), 'refused').toEqual([]);
  const desk = await sit('Olga Owner', look);
  await desk.page.locator('.bars').waitFor();
  expect(await desk.barriers(), 'overview').toEqual([]);
  await desk.page.keyboard.press('Control+k');
  await desk.page.getByRole('dialog').waitFor();
  await desk.page.getByRole('dialog').locator('input').fill('mia');
  await desk.page.getByRole('option', { name: 'Mia Member' }).waitFor();
  expect(await desk.barriers(), 'search').toEqual([]);
  await desk.page.keyboard.press('Escape');
  await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  await desk.page.locator('.who').click();
  await desk.page.getByRole('menuitem').first().waitFor();
  expect(await desk.barriers(), 'account').toEqual([]);
});

test('a wrong password is refused in words, and the right one leads to the address that was asked for', async () => {
  const window = await arrive('/people?status=active');
  const { email, password } = await world.person('Adam Administrator');
  await fill(window, email, 'not the password');
  expect(await window.page.getByRole('alert').innerText()).toContain('E-mail or password is wrong.');
  await fill(window, email, password);
  await window.page.waitForURL('**/admin/people?status=active');
  await window.page.getByRole('link', { name: 'Mia Member' }).waitFor();
});

test('an address of somebody else is not gone to after signing in', async () => {
  for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example/']) {
    const window = await arrive(`/sign-in?next=${encodeURIComponent(next)}`);
    const { email, password } = await world.person('Adam Administrator');
    await fill(window, email, password);
    await window.page.locator('main#content h1').waitFor();
    expect(window.page.url()).toBe(`${world.origin}/admin/`);
  }
});

test('somebody suspended is told so, and only with the right password', async () => {
  const { id, email, password } = await world.person('Sven Suspended');
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner'));
  expect((await olga.act('suspendPeople', { ids: [id] })).code).toBeUndefined();
  const window = await arrive('/');
  await fill(window, email, password);
  const said = window.page.getByRole('alert');
  await said.waitFor();
  expect(await said.innerText()).toContain('suspended');
  await fill(window, email, 'not the password');
  await until(async () => (await said.innerText()).includes('is wrong'), 'the refusal to tell a stranger nothing');
});

test('a session ended elsewhere ends here with a sentence, and signing in again goes on where one was', async () => {
  const window = await arrive('/people');
  const { email, password, id } = await world.person('Eve Ended', { roles: ['administrator'] });
  await fill(window, email, password);
  await window.page.getByRole('link', { name: 'Mia Member' }).waitFor();
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner'));
  const devices = await world.db.rows<{ id: string }>('select id from devices where user_id = $1', [id]);
  expect((await olga.act('endDevices', { ids: devices.map((device) => device.id) })).code).toBeUndefined();
  await window.page.getByRole('link', { name: 'Roles', exact: true }).click();
  await window.page.waitForURL('**/sign-in?ended=yes&next=**');
  expect(await window.page.getByRole('alert').innerText()).toContain('has ended');
  await fill(window, email, password);
  await window.page.waitForURL('**/admin/roles');
});

test('while the server is away the page says so, and arrives by itself when it is back', async () => {
  const window = await openWindow(browser, world.origin);
  open.push(window);
  const { page } = window;
  await page.route('**/api/status', (route) => route.abort());
  await page.goto('/admin/');
  await page.getByText('The server cannot be reached. This page tries again by itself.').waitFor();
  await page.unroute('**/api/status');
  await page.locator('#email').waitFor();
  await page.route('**/api/session', (route) => route.abort());
  await fill(window, 'ada@example.com', 'whatever it may be');
  expect(await page.getByRole('alert').innerText()).toContain('cannot be reached');
});

test.each([
  ['Adam Administrator', ['Overview', 'People', 'Departments', 'Roles', 'Devices', 'Audit log', 'Activity', 'Tasks']],
  ['Arno Auditor', ['Overview', 'People', 'Departments', 'Roles', 'Devices', 'Audit log', 'Conversations', 'Tasks']],
  ['Anna Analyst', ['Overview', 'Activity', 'Tasks']],
])('%s sees their places and no others', async (who, places) => {
  const { page } = await sit(who);
  const shown = (await page.locator('nav a.place').allInnerTexts()).map((text) => text.trim());
  for (const place of places)
    expect(
      shown.some((one) => one.startsWith(place)),
      place,
    ).toBe(true);
  expect(shown.length - (shown.includes('Settings') ? 1 : 0)).toBe(places.length);
});

test('a typed address that is not theirs says so, and what it needs; the server refuses regardless', async () => {
  const analyst = await sit('Anna Analyst');
  for (const address of ['/people', '/people/invite', '/audit', '/settings']) {
    await analyst.open(address);
    expect(await analyst.page.locator('h1').innerText(), address).toBe('This page is not open to you');
    expect(await analyst.page.locator('main').innerText(), address).toContain('It needs the permission');
  }
  const auditor = await sit('Arno Auditor');
  await auditor.open('/people');
  await auditor.page.getByRole('link', { name: 'Mia Member' }).waitFor();
  expect(await auditor.page.getByRole('link', { name: 'Invite somebody' }).count()).toBe(0);
  expect(await auditor.page.locator('tbody input[type=checkbox]').count()).toBe(0);
  await auditor.open('/activity');
  expect(await auditor.page.locator('h1').innerText()).toBe('This page is not open to you');
  const anna = visitor(world.origin);
  await anna.signIn(await world.person('Anna Analyst'));
  expect((await anna.graphql('{ people(first: 1) { edges { node { id } } } }')).code).toBe('forbidden');
});

test('somebody without duties meets one closed page, with the way to the chat', async () => {
  const { page } = await sit('Mia Member');
  expect(await page.locator('h1').innerText()).toBe('There is nothing to administer for you');
  expect(await page.locator('nav a.place').count()).toBe(0);
  await page.keyboard.press('Control+k');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.locator('main').getByRole('link', { name: 'Open the chat' }).click();
  await page.waitForURL(`${world.origin}/`);
});

test('every number of the overview leads to what it counts, for whoever may go there', async () => {
  const desk = await sit('Olga Owner');
  const { page } = desk;
  await page.locator('dl.numbers').waitFor();
  const places = await page.locator('dl.numbers a').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  expect(new Set(places)).toEqual(
    new Set([
      '/admin/activity',
      '/admin/conversations',
      '/admin/devices',
      '/admin/people?kind=bot',
      '/admin/people?status=active&kind=guest',
      '/admin/people?status=active&kind=person',
      '/admin/people?status=invited',
      '/admin/people?status=suspended',
    ]),
  );
  const active = page.locator('dl.numbers a[href$="status=active&kind=person"]');
  const count = Number(await active.innerText());
  await active.click();
  await page.getByText(`${count} people`, { exact: true }).waitFor();
  // The chart stands in words, too: a row for each of the 28 days.
  await desk.open('/');
  await page.locator('.bars').waitFor();
  await until(async () => (await page.locator('section table tbody tr').count()) === 28, 'a row for each day');
  const auditor = await sit('Arno Auditor');
  expect(await auditor.page.locator('.bars').count()).toBe(0);
  expect(await auditor.page.locator('dl.numbers a[href="/admin/activity"]').count()).toBe(0);
});

test('Ctrl+K goes to people, roles and pages by keyboard alone, and gives the focus back', async () => {
  const desk = await sit('Olga Owner');
  const { page } = desk;
  const opener = page.locator('header button.search');
  await tabTo(page, opener);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await until(() => opener.evaluate((one) => one === document.activeElement), 'the focus to come back');
  for (const [words, found, address] of [
    ['mia', 'Mia Member', '/admin/people/'],
    ['analyst', 'Analyst', '/admin/roles/analyst'],
    ['devices', 'Devices', '/admin/devices'],
  ] as const) {
    await page.keyboard.press('Control+k');
    await until(
      () => page.evaluate(() => document.activeElement?.matches('[role=dialog] input') ?? false),
      'the field',
    );
    await page.keyboard.type(words);
    const option = page.getByRole('option', { name: found }).last();
    await option.waitFor();
    while ((await option.getAttribute('aria-selected')) !== 'true') await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.startsWith(address));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
});
