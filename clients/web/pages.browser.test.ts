import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let ben: TestClient;
let general: string;
let reports: string;
let root: string;
let window: Window;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

test('an empty installation shows the set-up page, whatever address was asked for, without barriers in either theme', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    window = await openWindow(browser, world.origin, { colorScheme });
    await window.page.goto('/c/somewhere');
    await window.page.getByLabel('One-time code').waitFor();
    expect(new URL(window.page.url()).pathname).toBe('/set-up');
    expect(await window.barriers()).toEqual([]);
    if (colorScheme === 'light') await window.close();
  }
  // A wrong code is refused in words, and nothing was made.
  const { page } = window;
  await page.getByLabel('One-time code').fill('not-the-code');
  await page.getByLabel('Organisation').fill('Lantern');
  await page.getByLabel('Your name').fill('Olga Owner');
  await page.getByLabel('Your e-mail').fill('olga@example.com');
  await page.getByLabel('Password', { exact: true }).fill('a password of length');
  await page.getByRole('button', { name: 'Create the owner' }).click();
  await page.getByRole('alert').waitFor();
});

describe('with people', () => {
  beforeAll(async () => {
    await world.person('Olga Owner', { roles: ['owner'] });
    const ada = await world.person('Ada Lindqvist');
    ben = await world.device('Ben Okafor');
    await world.person('林晓雯');
    const channel = (name: string, more: object = {}) =>
      ben.call('conversation:create', {
        clientId: newId(),
        kind: 'channel',
        name,
        visibility: 'public',
        purpose: `All about ${name}`,
        memberIds: [ada.id],
        ...more,
      });
    general = (await channel('general')).conversation.id;
    reports = (await channel('reports', { threading: 'topics' })).conversation.id;
    await channel('a name that goes on and on until nobody remembers how it began');
    const say = (conversationId: string, body: string, more: object = {}) =>
      ben.call('message:send', { conversationId, clientId: newId(), body, ...more });
    root = (await say(general, 'Does this compile?\n\n```ts\nconst lamp: Lamp = { warm: true }; // a comment\n```')).id;
    await say(general, 'It does.', { threadId: root });
    await say(
      general,
      `Thanks <@${ada.id}>, see https://example.org and \`lamp.ts\`\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |`,
    );
    const wrong = await say(general, 'wrong window');
    await ben.call('message:recall', { conversationId: general, messageId: wrong.id });
    await say(reports, 'It is too warm', { title: 'Heat' });
    await ben
      .call('conversation:direct', { userId: ada.id })
      .then(({ conversation }) => say(conversation.id, '你好，Ada'));
  });

  const enter = async (options: Parameters<typeof openWindow>[2], who = 'Ada Lindqvist') => {
    window = await openWindow(browser, world.origin, options);
    await window.signIn(await world.person(who));
    return window.page;
  };

  test.each([
    { colorScheme: 'light', language: 'en' },
    { colorScheme: 'dark', language: 'zh-CN' },
  ] as const)('no page and no dialog has a barrier: $colorScheme, $language', async (look) => {
    window = await openWindow(browser, world.origin, look);
    const { page } = window;
    await page.goto('/sign-in');
    await page.locator('#email').waitFor();
    expect(await window.barriers(), 'sign-in').toEqual([]);
    expect(await page.locator('html').getAttribute('lang')).toBe(look.language);
    await window.signIn(await world.person('Ada Lindqvist'));

    const shows = async (what: string, act: () => Promise<unknown>) => {
      await act();
      await page.waitForTimeout(50);
      expect(await window.barriers(), what).toEqual([]);
    };
    await shows('home', () => page.locator('[data-conversation]').first().waitFor());
    await shows('talk with code', async () => {
      await page.goto(`/c/${general}`);
      await page.locator('.hljs-keyword').waitFor();
    });
    await shows('tools and their menu', async () => {
      await page.locator('main article').first().hover();
      await page.locator('main article [role=toolbar] button').last().click();
      await page.getByRole('menuitem').first().waitFor();
    });
    await page.keyboard.press('Escape');
    await shows('thread', async () => {
      await page.goto(`/c/${general}/t/${root}`);
      await page.locator('aside article').nth(1).waitFor();
    });
    await shows('topics and details', async () => {
      await page.goto(`/c/${reports}`);
      await page.locator('main .topic a').waitFor();
      await page.keyboard.press('Control+.');
      await page.locator('aside li').nth(2).waitFor();
    });
    await shows('switcher', async () => {
      await page.keyboard.press('Control+k');
      await page.getByRole('option').first().waitFor();
    });
    await page.keyboard.press('Escape');
    await shows('new conversation', async () => {
      await page.locator('nav header .icon-button').last().click();
      await page.getByRole('option').first().waitFor();
    });
    await page.keyboard.press('Escape');
    await shows('settings', async () => {
      await page.locator('nav .who').click();
      await page.getByRole('menuitem').first().waitFor();
    });
    await page.keyboard.press('Escape');
    await shows('picker', async () => {
      await page.locator('main [data-composer]').fill('');
      await page.locator('main [data-composer]').pressSequentially('@b');
      await page.getByRole('option').first().waitFor();
    });
    await page.keyboard.press('Escape');
    await page.locator('main [data-composer]').fill('');
    await shows('shortcuts', async () => {
      await page.locator('nav .go').focus();
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    });
  });

  test('everything can be done by keyboard alone', async () => {
    window = await openWindow(browser, world.origin);
    const { page } = window;
    const { email, password } = await world.person('Ada Lindqvist');
    await page.goto('/sign-in');
    await until(() => page.evaluate(() => document.activeElement?.id === 'email'), 'the first field to have the focus');
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.locator('[data-conversation]').first().waitFor();

    // Ctrl+K goes anywhere, and one arrives ready to write.
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('gen');
    await page.getByRole('option', { name: 'general' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/c/${general}`);
    const writes = () => page.evaluate(() => document.activeElement?.matches('main [data-composer]') ?? false);
    await until(writes, 'the composer to have the focus');
    await page.keyboard.type('Hello @be');
    await page.getByRole('option', { name: 'Ben Okafor' }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('and all');
    await page.keyboard.press('Enter');
    const written = page.locator('main article', { has: page.locator('.mention', { hasText: '@Ben Okafor' }) });
    // Once it is stored its conversation moves up in the list: before, the way down and up again would not lead back.
    await written.last().locator('.state.sent').waitFor();

    // From writing into the talk, into a message's tools, and back.
    await page.keyboard.press('Shift+Tab');
    await until(async () => {
      await page.keyboard.press('Shift+Tab');
      return page.evaluate(() => document.activeElement?.matches('main article') ?? false);
    }, 'the last message');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await until(() => page.evaluate(() => document.activeElement?.closest('[role=toolbar]') !== null), 'the tools');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await until(writes, 'the composer again');

    // Up and down the list.
    const before = page.url();
    await page.keyboard.press('Alt+ArrowDown');
    await page.waitForURL((url) => url.href !== before);
    await page.keyboard.press('Alt+ArrowUp');
    await page.waitForURL(before);
    await until(writes, 'the composer of the neighbour');

    // A sign that can be written is written; outside of fields it is a shortcut.
    await page.keyboard.type('?');
    expect(await page.locator('main [data-composer]').inputValue()).toBe('?');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('F6');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('news that moves the line one is at leaves the focus on it; a line that goes away leaves it to its neighbour', async () => {
    const page = await enter({});
    const { id: adaId } = await world.person('Ada Lindqvist');
    const [first, second] = await Promise.all(
      ['first', 'second'].map(
        async (name) =>
          (
            await ben.call('conversation:create', {
              clientId: newId(),
              kind: 'channel',
              name,
              visibility: 'private',
              memberIds: [adaId],
            })
          ).conversation.id as string,
      ),
    );
    const say = (conversationId: string) =>
      ben.call('message:send', { conversationId, clientId: newId(), body: `news of ${conversationId}` });
    const order = () =>
      page
        .locator('[data-conversation]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-conversation')).slice(0, 2));
    const at = () => page.evaluate(() => document.activeElement?.getAttribute('data-conversation') ?? null);
    await say(first);
    await say(second);
    await until(async () => String(await order()) === String([second, first]), 'both lines on top');
    await page.locator(`[data-conversation="${second}"]`).focus();
    await page.keyboard.press('ArrowDown');
    expect(await at()).toBe(first);
    await say(first);
    await until(async () => String(await order()) === String([first, second]), 'the line to move up');
    await until(async () => (await at()) === first, 'the focus to be where it was');
    await page.keyboard.press('ArrowDown');
    expect(await at()).toBe(second);
    await page.keyboard.press('ArrowUp');
    await ben.call('member:remove', { conversationId: first, userId: adaId });
    await page.locator(`[data-conversation="${first}"]`).waitFor({ state: 'detached' });
    const within = () =>
      page.evaluate(
        () => document.activeElement?.querySelector('[data-conversation]')?.getAttribute('data-conversation') ?? null,
      );
    await until(async () => (await within()) === second, 'the focus to be on the line that took its place');
  });

  test('at 390 pixels the panes are a stack: list, talk, details, and the way back', async () => {
    const page = await enter({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
    const overflows = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    await page.locator(`[data-conversation="${general}"]`).tap();
    await page.locator('main article').first().waitFor();
    expect(await page.locator('nav[data-region]').isVisible()).toBe(false);
    expect(await overflows()).toBe(false);
    expect(await window.barriers()).toEqual([]);
    await page.getByRole('button', { name: 'Details' }).tap();
    await page.getByRole('complementary', { name: 'Details' }).waitFor();
    expect(await overflows()).toBe(false);
    await page.getByRole('button', { name: 'Close the details' }).tap();
    await page.locator('main [data-composer]').fill('From the train');
    await page.getByRole('button', { name: 'Send' }).tap();
    await page.locator('article .body', { hasText: 'From the train' }).waitFor();
    await page.goBack();
    await page.locator(`[data-conversation="${general}"]`).waitFor();
    expect(await overflows()).toBe(false);
  });

  test('a public channel can be looked at without joining, and joined from there', async () => {
    const page = await enter({}, '林晓雯');
    await page.getByRole('button', { name: 'Browse channels' }).click();
    await page.getByRole('dialog').getByText('general', { exact: true }).click();
    await page.getByText('You are looking at a public channel.').waitFor();
    await page.locator('main article').first().waitFor();
    await ben.call('message:send', { conversationId: general, clientId: newId(), body: 'Visitors hear this, too' });
    await page.locator('article .body', { hasText: 'Visitors hear this, too' }).waitFor();
    await page.getByRole('button', { name: 'Join the channel' }).click();
    await page.locator('main [data-composer]').fill('大家好');
    await page.keyboard.press('Enter');
    await page.locator('article .body', { hasText: '大家好' }).waitFor();
    await page.locator(`[data-conversation="${general}"]`).waitFor();
  });

  test('language and theme are chosen in the menu, hold after a reload, and signing out leaves nothing behind', async () => {
    const page = await enter({ colorScheme: 'light' });
    await page.goto(`/c/${general}`);
    await page.locator('main [data-composer]').fill('a secret draft');
    await page.locator('nav .who').click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    await page.getByRole('menuitemradio', { name: '简体中文' }).click();
    await page.getByText('外观').waitFor();
    await page.reload();
    await page.locator('nav .who').click();
    expect(
      await page.evaluate(() => [document.documentElement.dataset['theme'], document.documentElement.lang]),
    ).toEqual(['dark', 'zh-CN']);
    expect(await page.locator('main [data-composer]').inputValue()).toBe('a secret draft');
    await page.getByRole('menuitem', { name: '退出登录' }).click();
    await page.waitForURL('**/sign-in');
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('secret');
    await page.goto(`/c/${general}`);
    await page.waitForURL('**/sign-in?next=**');
  });
});
