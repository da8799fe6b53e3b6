import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { compose } from './testing/composing.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let window: Window;
const rooms: Record<string, string> = {};

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  const ada = await world.device('Ada Lindqvist');
  await world.person('Ben Okafor');
  for (const [name, threading] of [
    ['general', 'replies'],
    ['reports', 'topics'],
  ] as const) {
    const { conversation } = await ada.call('conversation:create', {
      clientId: newId(),
      kind: 'channel',
      name,
      visibility: 'public',
      threading,
      memberIds: [(await world.person('Ben Okafor')).id],
    });
    rooms[name] = conversation.id;
    await ada.call('message:send', {
      conversationId: conversation.id,
      clientId: newId(),
      body: `Ben wrote about ${name}`,
    });
  }
});
afterEach(() => window?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const inRoom = (name: string) => async (page: Page) => {
  await page.goto(`/c/${rooms[name]}`);
  await page.locator('main [data-composer]').waitFor();
};
const composer = (page: Page) => page.locator('main [data-composer]');
const dialogField = (page: Page, n = 0) =>
  page.getByRole('dialog').locator('input:not([type="radio"]), textarea').nth(n);

/**
 * Every field in which Enter, Escape or an arrow does something: how it is come by, and words that offer choices
 * where there are.
 */
const fields: [name: string, words: string, open: (page: Page) => Promise<Locator>][] = [
  ['writing a message', 'ni hao', async (page) => (await inRoom('general')(page), composer(page))],
  ['the picker of mentions', '@Be', async (page) => (await inRoom('general')(page), composer(page))],
  ['an empty message', '', async (page) => (await inRoom('general')(page), composer(page))],
  ['the title of a topic', 'ti mu', async (page) => (await inRoom('reports')(page), page.locator('label.topic input'))],
  [
    'editing a message',
    'changed',
    async (page) => {
      await inRoom('general')(page);
      await composer(page).press('ArrowUp');
      await page.locator('form.editing').waitFor();
      return composer(page);
    },
  ],
  [
    'the switcher',
    'Be',
    async (page) => {
      await inRoom('general')(page);
      await page.keyboard.press('Control+k');
      return dialogField(page);
    },
  ],
  [
    'the name of a new channel',
    'pin dao',
    async (page) => {
      await inRoom('general')(page);
      await page.getByRole('button', { name: 'New conversation' }).click();
      await page.getByRole('dialog').getByRole('radio').nth(2).click();
      return page.locator('#new-name');
    },
  ],
  [
    'people of a new channel',
    'Be',
    async (page) => {
      await inRoom('general')(page);
      await page.getByRole('button', { name: 'New conversation' }).click();
      return page.getByRole('dialog').getByRole('combobox');
    },
  ],
  [
    'browsing channels',
    'rep',
    async (page) => {
      await inRoom('general')(page);
      await page.getByRole('button', { name: 'Browse' }).last().click();
      return page.getByRole('dialog').getByRole('searchbox');
    },
  ],
  ['searching messages', 'wrote', async (page) => (await page.goto('/search'), page.locator('[data-search]'))],
  [
    'the filter of senders',
    'Be',
    async (page) => {
      await page.goto('/search?q=wrote');
      await page
        .getByRole('button', { name: 'Anybody' })
        .or(page.getByRole('button', { name: 'From' }))
        .first()
        .click();
      return page.locator('.choosing input');
    },
  ],
  [
    'the new name of a channel',
    'xin ming',
    async (page) => {
      await inRoom('general')(page);
      await page.keyboard.press('Control+.');
      await page.getByRole('button', { name: 'Rename' }).click();
      return page.locator('#rename-name');
    },
  ],
];

test.each(fields)('keys of an input method do nothing in %s', async (name, words, open) => {
  window = await openWindow(browser, world.origin);
  await window.signIn(await world.person('Ada Lindqvist'));
  const field = await open(window.page);
  await field.waitFor();
  if (name === 'the picker of mentions') {
    await field.fill(words);
    await window.page.getByRole('listbox').waitFor();
  }
  await compose(window.page, field, words);
});

test('keys of an input method do nothing in signing in', async () => {
  window = await openWindow(browser, world.origin);
  await window.page.goto('/sign-in');
  await window.page.locator('#password').fill('wrong');
  await compose(window.page, window.page.locator('#email'), 'ada@example.com');
});

test('the Enter after the composition sends what was composed, once', async () => {
  window = await openWindow(browser, world.origin);
  await window.signIn(await world.person('Ada Lindqvist'));
  await inRoom('general')(window.page);
  await compose(window.page, composer(window.page), '你好');
  await composer(window.page).press('Enter');
  await window.page.locator('main article .body', { hasText: '你好' }).waitFor();
  expect(await window.page.locator('main article .body', { hasText: '你好' }).count()).toBe(1);
});
