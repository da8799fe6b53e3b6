import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until, type TestClient } from '../../server/testing/client.ts';
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
const pins = () => window.page.locator('aside .pins');

test('a message is pinned and unpinned from its tools; the details show it, also what others pin, and lead to it', async () => {
  const first = await ben.says('The door code is on the **board**', { in: room });
  const old = await ben.says('The agenda', { in: room });
  for (let i = 1; i <= 80; i++) await ben.says(`Small talk ${i}`, { in: room });
  const page = await enter();
  await page.locator('main article').last().waitFor();
  await page.getByRole('button', { name: 'Details' }).click();
  await pins().getByText('Nothing is pinned.').waitFor();
  await ben.call('pin:add', { conversationId: room, messageId: old.id });
  await pins().getByText('The agenda').waitFor();
  await pins().getByRole('link', { name: 'The agenda' }).click();
  const found = page.locator(`article.found[data-seq="${old.seq}"]`);
  await found.waitFor();
  // Whoever has read on since is led there once more, though the address stays as it is.
  await found.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'To the newest messages' }).click();
  await page.locator(`main article`, { hasText: 'Small talk 80' }).waitFor();
  await pins().getByRole('link', { name: 'The agenda' }).click();
  await found.waitFor();
  const message = page.locator(`main article[data-seq="${first.seq}"]`);
  await message.hover();
  await message.getByRole('button', { name: 'Pin for everybody', exact: true }).click();
  await pins().getByText('The door code is on the board').waitFor();
  const listed = async () =>
    (await ben.call('pin:list', { conversationId: room })).pins.map((pin) => pin.message.id).join();
  expect(await listed()).toBe([first.id, old.id].join());
  await message.hover();
  await message.getByRole('button', { name: 'Unpin for everybody' }).click();
  await until(async () => (await pins().getByRole('listitem').count()) === 1, 'one pin to be left');
  await pins().getByRole('button', { name: 'Unpin for everybody' }).click();
  await pins().getByText('Nothing is pinned.').waitFor();
  expect(await listed()).toBe('');
});

test.each([
  { colorScheme: 'light', language: 'en' },
  { colorScheme: 'dark', language: 'zh-CN' },
] as const)('pins have no barrier, wide or on a phone: $colorScheme, $language', async (look) => {
  const said = await ben.says(`Keep this in sight ${'for a long while '.repeat(20)}`, { in: room });
  await ben.call('pin:add', { conversationId: room, messageId: said.id });
  const page = await enter(look, `?m=${said.seq}`);
  const message = page.locator(`main article[data-seq="${said.seq}"]`);
  // While the talk finds its place, a row may still move away from under the pointer.
  await until(async () => {
    await message.hover();
    return message.getByRole('toolbar').isVisible();
  }, 'the tools of the message');
  await page.keyboard.press('Control+.');
  await pins().getByRole('listitem').first().waitFor();
  expect(await window.barriers()).toEqual([]);
  await page.setViewportSize({ width: 390, height: 780 });
  await pins().getByRole('listitem').first().waitFor();
  expect(await window.barriers()).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false);
  await pins().getByRole('link').first().click();
  await page.locator(`article.found[data-seq="${said.seq}"]`).waitFor();
  await pins().waitFor({ state: 'detached' });
});
