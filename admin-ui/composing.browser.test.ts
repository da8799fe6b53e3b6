import { afterAll, afterEach, beforeAll, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { compose } from '../clients/web/testing/composing.ts';
import { openBrowser, openWindow, type Window } from '../clients/web/testing/windows.ts';
import { newId } from '../server/kernel/ids.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openDesk, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
let desk: Desk | Window;
let group: string;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  const olga = await world.person('Olga Owner', { roles: ['owner', 'auditor', 'member'] });
  await world.person('Adam Admin', { roles: ['administrator', 'member'] });
  // So many that the filter has a field to find one.
  for (let n = 1; n <= 12; n++)
    await world.db.rows('insert into departments (id, name) values ($1, $2)', [newId(), `Engineering ${n}`]);
  const ada = await world.device('Ada Lindqvist');
  const made = await ada.call('conversation:create', {
    clientId: newId(),
    kind: 'group',
    name: 'Lunch',
    memberIds: [olga.id],
  });
  group = made.conversation.id;
  await ada.call('message:send', { conversationId: group, clientId: newId(), body: 'Soup' });
});
afterEach(() => desk?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const at = (path: string) => async (page: Page) => {
  await page.goto(`/admin${path}`);
  await page.locator('h1').first().waitFor();
};
const searchbox = (path: string) => async (page: Page) => (await at(path)(page), page.getByRole('searchbox').first());

const fields: [name: string, words: string, open: (page: Page) => Promise<Locator>][] = [
  ['searching people', 'Ad', searchbox('/people')],
  ['searching conversations', 'Lu', searchbox('/conversations')],
  ['searching departments', 'En', searchbox('/departments')],
  ['searching devices', 'Ad', searchbox('/devices')],
  ['searching the audit log', 'sig', searchbox('/audit')],
  [
    'the filter of departments',
    'En',
    async (page) => {
      await at('/people')(page);
      await page
        .getByRole('button', { name: /department/i })
        .first()
        .click();
      return page.locator('.chooser input');
    },
  ],
  [
    'the find dialog',
    'Ad',
    async (page) => {
      await at('/people')(page);
      await page.keyboard.press('Control+k');
      return page.getByRole('dialog').getByRole('combobox');
    },
  ],
  [
    'the name of a new department',
    'bu men',
    async (page) => {
      await at('/departments')(page);
      await page.getByRole('button', { name: 'New department' }).click();
      return page.locator('#one-name');
    },
  ],
  [
    'the reason of an act',
    'li you',
    async (page) => {
      await at('/departments')(page);
      await page.getByRole('button', { name: 'New department' }).click();
      await page.locator('#one-name').fill('Research');
      await page.keyboard.press('Enter');
      await page.getByText('1 department added').waitFor();
      return page.getByLabel('Reason');
    },
  ],
  [
    'the reason to read a conversation',
    'li you',
    async (page) => {
      await at(`/conversations/${group}`)(page);
      return page.locator('form.gate textarea');
    },
  ],
  [
    'the invitation of a person',
    'xin ren',
    async (page) => (await at('/people/invite')(page), page.locator('form input').first()),
  ],
  [
    'the department of a person',
    'En',
    async (page) => {
      await at('/people/invite')(page);
      const field = page.getByRole('combobox', { name: 'Department' });
      await field.click();
      return field;
    },
  ],
];

test.each(fields)('keys of an input method do nothing in %s', async (_, words, open) => {
  desk = await openDesk(browser, world.origin, await world.person('Olga Owner'));
  const field = await open(desk.page);
  await field.waitFor();
  await compose(desk.page, field, words);
});

test('keys of an input method do nothing in signing in', async () => {
  desk = await openWindow(browser, world.origin);
  await desk.page.goto('/admin/');
  await desk.page.locator('#password').fill('wrong');
  await compose(desk.page, desk.page.locator('#email'), 'olga@example.com');
});
