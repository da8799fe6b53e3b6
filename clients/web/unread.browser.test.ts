import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let ben: TestClient;
let phone: TestClient;
let plans: string;
let other: string;
let window: Window;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  [ben, phone] = [await world.device('Ben Okafor'), await world.device('Ada Lindqvist')];
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** Two groups of Ada's and Ben's; the window stands in the other one. */
async function enter(options: Parameters<typeof openWindow>[2] = {}) {
  plans = (await ben.group('Planning', [phone])).conversation.id;
  other = (await ben.group('Lunch', [phone])).conversation.id;
  window = await openWindow(browser, world.origin, options);
  await window.signIn(await world.person('Ada Lindqvist'));
  await window.page.goto(`/c/${other}`);
  await row().waitFor();
  return window.page;
}
const row = () => window.page.locator(`[data-conversation="${plans}"]`);
const shows = (selector: string, text: string) =>
  until(
    async () => (await row().locator(selector).allInnerTexts()).join() === text,
    `the list to show ${text || 'nothing'}`,
  );
const mine = async () => (await phone.call('conversation:open', { conversationId: plans })).mine!;

test('a mention in a thread shows in the list, leads there, and ends when it is read', async () => {
  const page = await enter();
  const root = await ben.says('The plan for Monday', { in: plans });
  await phone.call('read:mark', { conversationId: plans, line: 1 });
  const { id: messageId } = await ben.says(`<@${phone.userId}> can you take this?`, { in: plans, threadId: root.id });
  await shows('.badge', '@1');
  await ben.says('Or I do it', { in: plans, threadId: root.id });
  await ben.call('message:edit', { conversationId: plans, messageId, body: 'Who can take this?' });
  await shows('.badge', '');
  await ben.call('message:edit', { conversationId: plans, messageId, body: `<@${phone.userId}>, can you?` });
  await shows('.badge', '@1');
  await row().click();
  const entry = page.locator('main article', { hasText: 'The plan for Monday' }).locator('.answers');
  await entry.getByText('@1').waitFor();
  await page.getByRole('link', { name: '1 thread with new answers' }).click();
  await page.waitForURL(`**/c/${plans}/t/${root.id}`);
  await page.locator('aside article', { hasText: 'can you?' }).waitFor();
  await shows('.badge', '');
  await page.getByRole('link', { name: 'thread with new answers' }).waitFor({ state: 'detached' });
  await until(async () => (await mine()).threads.length === 0, 'the server to be told');
});

test('the list counts no recalled message', async () => {
  await enter();
  const oops = await ben.says('oops', { in: plans });
  await ben.says('what I meant', { in: plans });
  await shows('.count', '2');
  await ben.call('message:recall', { conversationId: plans, messageId: oops.id });
  await shows('.count', '1');
});

test('messages marked unread stay unread until their conversation is opened again', async () => {
  const page = await enter();
  for (let n = 1; n <= 5; n++) await ben.says(`Point ${n}`, { in: plans });
  await row().click();
  await page.locator('main article', { hasText: 'Point 5' }).waitFor();
  await until(async () => (await mine()).readLine === 5, 'all to be read');
  const third = page.locator('main article', { hasText: 'Point 3' });
  await third.hover();
  await third.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Mark unread from here' }).click();
  await shows('.count', '3');
  await page.locator('main .new').waitFor();
  const order = await page
    .locator('main')
    .locator('.new, article')
    .evaluateAll((all) =>
      all.map((one) => (one.classList.contains('new') ? 'new' : (one.textContent?.match(/Point \d/)?.[0] ?? ''))),
    );
  expect(order.join()).toContain('Point 2,new,Point 3');
  await ben.says('Point 6', { in: plans });
  await page.locator('main article', { hasText: 'Point 6' }).waitFor();
  await shows('.count', '4');
  expect(await mine()).toMatchObject({ readLine: 5, unreadFrom: 3, unread: 4 });
  await page.locator(`[data-conversation="${other}"]`).click();
  await row().click();
  await page.locator('main .new').waitFor();
  await shows('.count', '');
  await until(async () => (await mine()).unreadFrom === null, 'all to be read again');
  expect((await mine()).readLine).toBe(6);
});

test.each([
  { colorScheme: 'light', language: 'en', names: ['More', 'Mark unread from here'] },
  { colorScheme: 'dark', language: 'en', names: ['More', 'Mark unread from here'] },
  { colorScheme: 'light', language: 'zh-CN', names: ['更多', '从这里标为未读'] },
  { colorScheme: 'dark', language: 'zh-CN', names: ['更多', '从这里标为未读'] },
] as const)('unread marks have no barrier: $colorScheme, $language', async ({ names: [more, act], ...look }) => {
  const page = await enter(look);
  const root = await ben.says('The plan for Monday', { in: plans });
  await ben.says('And for Tuesday', { in: plans });
  await ben.says(`<@${phone.userId}> can you take this?`, { in: plans, threadId: root.id });
  await row().click();
  const message = page.locator('main article', { hasText: 'And for Tuesday' });
  await page.locator('main .answers .badge').waitFor();
  await until(async () => {
    await message.hover();
    return message.getByRole('toolbar').isVisible();
  }, 'the tools of the message');
  await message.getByRole('button', { name: more }).click();
  await page.getByRole('menuitem', { name: act }).waitFor();
  expect(await window.barriers()).toEqual([]);
});
