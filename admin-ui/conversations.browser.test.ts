import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../server/kernel/ids.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
let desk: Desk;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  await world.person('Amira Auditor', { roles: ['auditor'] });
  await world.person('Adam Admin', { roles: ['administrator', 'member'] });
  const ada = await world.device('Ada Lindqvist');
  const ben = await world.person('Ben Okafor');
  const room = async (name: string) =>
    (
      await ada.call('conversation:create', {
        clientId: newId(),
        kind: 'group',
        name,
        memberIds: [ben.id],
      })
    ).conversation.id;
  const secret = await room('The crane affair');
  for (let n = 1; n <= 60; n++)
    await ada.call('message:send', { conversationId: secret, clientId: newId(), body: `Said number ${n}` });
  await room('Lunch');
  await ada.call('conversation:direct', { userId: ben.id });
});
afterEach(() => desk?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const enter = async (who: string, where: string, look = {}) => {
  desk = await openDesk(browser, world.origin, await world.person(who), look);
  await desk.open(where);
  return desk.page;
};
const readings = () =>
  world.db.rows<{ reason: string; after: { fromSeq: number; toSeq: number } }>(
    `select reason, after from audit_entries where action = 'conversation.read' order by id`,
  );

test('an auditor finds a conversation, says why, and reads it by keyboard alone; each page is a line of the audit log', async () => {
  const page = await enter('Amira Auditor', '/conversations');
  await tabTo(page, page.getByPlaceholder('Name of a conversation'));
  await page.keyboard.type('crane');
  await page.getByText('1 conversation').waitFor();
  await tabTo(page, page.locator('tbody a'));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The crane affair' }).waitFor();
  expect(await page.getByText('Said number').count()).toBe(0);
  await tabTo(page, page.getByRole('button', { name: 'Read the conversation' }));
  await page.keyboard.press('Enter');
  // No reason, no reading: the field says so and has the focus.
  await page.getByText('Say why.').waitFor();
  expect(await readings()).toEqual([]);
  await page.keyboard.type('Complaint 12');
  await tabTo(page, page.getByRole('button', { name: 'Read the conversation' }));
  await page.keyboard.press('Enter');
  await page.getByText('Said number 60', { exact: true }).waitFor();
  expect(await page.getByText('Said number 10', { exact: true }).count()).toBe(0);
  await tabTo(page, page.getByRole('button', { name: 'Read older messages' }));
  await page.keyboard.press('Enter');
  await page.getByText('The conversation begins here.').waitFor();
  expect(await page.getByText(/^Said number \d+$/).allTextContents()).toEqual(
    Array.from({ length: 60 }, (_, n) => `Said number ${n + 1}`),
  );
  expect(await readings()).toEqual([
    { reason: 'Complaint 12', after: { messages: 50, fromSeq: 11, toSeq: 60 } },
    { reason: 'Complaint 12', after: { messages: 10, fromSeq: 1, toSeq: 10 } },
  ]);
  await page.getByRole('link', { name: 'See this in the audit log' }).click();
  await page.getByText('read a conversation of others').first().waitFor();
  expect(await page.locator('tbody tr').count()).toBe(2);
});

test('a reading does not outlive its page: coming back asks for the reason again', async () => {
  const page = await enter('Amira Auditor', '/conversations?q=crane');
  const before = (await readings()).length;
  await page.locator('tbody a').click();
  await page.locator('textarea').fill('Complaint 13');
  await page.getByRole('button', { name: 'Read the conversation' }).click();
  await page.getByText('Said number 60', { exact: true }).waitFor();
  await page.reload();
  await page.locator('textarea').waitFor();
  expect(await page.getByText('Said number').count()).toBe(0);
  expect(await readings()).toHaveLength(before + 1);
});

test('whoever may not read finds no way in, and a typed address says what is missing', async () => {
  const page = await enter('Adam Admin', '/people');
  expect(await page.getByRole('link', { name: 'Conversations', exact: true }).count()).toBe(0);
  await desk.open('/conversations');
  await page.getByText('Read conversations one is not a member of').waitFor();
  expect(await page.getByText('crane').count()).toBe(0);
});

test.each([
  { name: 'English, wide', look: {} },
  { name: 'Chinese, on a phone', look: { locale: 'zh-CN', viewport: { width: 390, height: 844 } } },
])('the pages have no barrier in either theme, and fit: $name', async ({ look }) => {
  const page = await enter('Amira Auditor', '/conversations', look);
  await page.locator('tbody a').first().waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('link', { name: 'The crane affair' }).click();
  await page.locator('textarea').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.locator('textarea').fill('Complaint 14');
  await page.locator('form button[type=submit]').click();
  await page.getByText('Said number 60', { exact: true }).waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});
