import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import type { TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let window: Window;
let ben: TestClient;
let general: string;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  ben = await world.device('Ben Okafor');
  const { id } = await world.person('Ada Lindqvist');
  const made = await ben.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'general',
    visibility: 'public',
    memberIds: [id],
  });
  general = made.conversation.id;
});
afterEach(() => window?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const open = async (look = {}) => {
  window = await openWindow(browser, world.origin, look);
  await window.signIn(await world.person('Ada Lindqvist'));
  await window.page.goto(`/c/${general}`);
  await window.page.locator('main [data-composer]').waitFor();
  return window.page;
};
const say = (body: string) => ben.call('message:send', { conversationId: general, clientId: newId(), body });

test('what was typed is what is selected and copied', async () => {
  const page = await open();
  const bodies = [
    '路径 C:\\_temp\\*.log 和 \\\\fileserver\\share',
    '2*3*4=24, __init__.py & &nbsp; <b>',
    '打开https://example.com/a查看，邮箱a@b.com。',
    '>_< 好的',
  ];
  for (const body of bodies) {
    await say(body);
    const message = page
      .locator('main article .body')
      .filter({ hasText: body.slice(-4) })
      .last();
    await message.waitFor();
    const copied = await message.evaluate((element) => {
      getSelection()!.selectAllChildren(element);
      return getSelection()!.toString().trim();
    });
    expect(copied).toBe(body);
  }
});

test.each([
  ['en', 'light'],
  ['en', 'dark'],
  ['zh-CN', 'light'],
  ['zh-CN', 'dark'],
] as const)('a link shows where it leads when its text says otherwise, in %s and %s', async (language, colorScheme) => {
  const page = await open({ language, colorScheme });
  await say('请看 [https://bank.example](https://evil.example/x) 和 [bank](https://evil.example/y)\n\n3. a\n5. b');
  const message = page.locator('main article .body').last();
  const link = message.locator('a').first();
  await link.waitFor();
  expect(await link.innerText()).toBe('https://bank.example (evil.example)');
  expect(await message.locator('a').nth(1).getAttribute('title')).toBe('https://evil.example/y');
  expect(await message.locator('a').nth(1).getAttribute('href')).toBe('https://evil.example/y');
  expect(await message.locator('li').nth(1).getAttribute('value')).toBe('5');
  expect(await window.barriers()).toEqual([]);
});

test('a mention beside all of it is a name in the message, the list and what is found', async () => {
  const page = await open();
  const { id } = await world.person('Ada Lindqvist');
  await say(`**注意：**<@${id}>看https://example.com/a查看 C:\\_x\\*.log searchable`);
  await page.locator('main article .body .mention', { hasText: '@Ada Lindqvist' }).waitFor();
  const line = '注意：@Ada Lindqvist看https://example.com/a查看 C:\\_x\\*.log searchable';
  await page.locator('nav [data-conversation]', { hasText: line }).waitFor();
  await page.goto('/search?q=searchable');
  await page.locator('.hit', { hasText: '@Ada Lindqvist看https://example.com/a查看' }).waitFor();
});
