import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until, type TestClient } from '../../server/testing/client.ts';
import { visitor } from '../../server/testing/http.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let ben: TestClient;
let room: string;
let window: Window;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  const [ada, made] = [await world.device('Ada Lindqvist'), await world.device('Ben Okafor')];
  ben = made;
  room = (await ben.group('Planning', [ada])).conversation.id;
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function enter(options: Parameters<typeof openWindow>[2] = {}, place = '') {
  window = await openWindow(browser, world.origin, options);
  await window.signIn(await world.person('Ada Lindqvist'));
  await window.page.goto(`/c/${room}${place}`);
  return window.page;
}
const edit = (messageId: string, body: string) => ben.call('message:edit', { conversationId: room, messageId, body });

test('the edited mark opens versions by keyboard, follows an edit, ends with a recall', async () => {
  const said = await ben.says('We meet at three', { in: room });
  await edit(said.id, 'We meet at four');
  const page = await enter();
  const mark = page.locator(`main article[data-seq="${said.seq}"]`).getByRole('button', { name: 'edited' });
  await mark.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Edit history' });
  const versions = dialog.getByRole('listitem');
  await versions.nth(1).waitFor();
  expect(await versions.nth(0).locator('ins').allTextContents()).toEqual(['four']);
  expect(await versions.nth(0).locator('del').allTextContents()).toEqual(['three']);
  expect(await versions.nth(1).locator('.text').textContent()).toBe('We meet at three');
  await edit(said.id, 'We meet at five');
  await until(async () => (await versions.count()) === 3, 'the new version');
  expect(await versions.nth(0).locator('ins').allTextContents()).toEqual(['five']);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await mark.evaluate((element) => element === document.activeElement)).toBe(true);

  await mark.click();
  await versions.nth(2).waitFor();
  await ben.call('message:recall', { conversationId: room, messageId: said.id });
  await dialog.waitFor({ state: 'detached' });
  expect(await page.locator('main').textContent()).not.toMatch(/We meet at/);
});

test('more than a page of versions is read on', async () => {
  const said = await ben.says('version 0', { in: room });
  for (let n = 1; n <= 25; n++) await edit(said.id, `version ${n}`);
  const page = await enter();
  await page.locator(`main article[data-seq="${said.seq}"]`).getByRole('button', { name: 'edited' }).click();
  const versions = page.getByRole('dialog').getByRole('listitem');
  await until(async () => (await versions.count()) === 21, 'the first page');
  await page.getByRole('button', { name: 'Show earlier versions' }).click();
  await until(async () => (await versions.count()) === 26, 'all versions');
  await page.getByText('Original message').waitFor();
});

test('where the organisation shows no revisions, the mark is no button', async () => {
  const said = await ben.says('before', { in: room });
  await edit(said.id, 'after');
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner'));
  await olga.act('changeSetting', { name: 'readRevisions', value: 'sender' });
  const page = await enter();
  const message = page.locator(`main article[data-seq="${said.seq}"]`);
  await message.getByText('edited').waitFor();
  expect(await message.getByRole('button', { name: 'edited' }).count()).toBe(0);
  await olga.act('changeSetting', { name: 'readRevisions', value: 'members' });
});

test.each([
  { colorScheme: 'light', language: 'en' },
  { colorScheme: 'dark', language: 'zh-CN' },
] as const)('the edit history has no barrier, wide or on a phone: $colorScheme, $language', async (look) => {
  const [before, after] =
    look.language === 'en'
      ? ['The launch is on Tuesday at 3, in the large hall.', 'The launch is on Thursday at 3, in the hall downstairs.']
      : ['发布会定于周二下午三点，在大会议室。', '发布会定于周四下午三点，在一楼会议室。'];
  const said = await ben.says(before, { in: room });
  await edit(said.id, after);
  await edit(said.id, `${after}\n\n${'x'.repeat(300)}`);
  const page = await enter(look, `?m=${said.seq}`);
  const mark = page.locator(`main article[data-seq="${said.seq}"] button[aria-haspopup="dialog"].mark`);
  await mark.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('listitem').nth(2).waitFor();
  expect(await window.barriers()).toEqual([]);
  await page.setViewportSize({ width: 375, height: 700 });
  expect(await window.barriers()).toEqual([]);
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  expect(await fits()).toBe(true);
});
