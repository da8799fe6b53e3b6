import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let general: string;
let ben: TestClient;
const windows: Window[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  ben = await world.device('Ben Okafor');
  const ada = await world.person('Ada Lindqvist');
  const made = await ben.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'general',
    visibility: 'public',
    memberIds: [ada.id],
  });
  general = made.conversation.id;
});
afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function windowOf(name: string, options?: Parameters<typeof openWindow>[2]): Promise<Window> {
  const window = await openWindow(browser, world.origin, options);
  windows.push(window);
  await window.signIn(await world.person(name));
  return window;
}
const composerOf = ({ page }: Window) => page.locator('main [data-composer]');
const said = ({ page }: Window, text: string) => page.locator('main article .body', { hasText: text });

test('two windows see each other’s messages, and that the other is typing', async () => {
  const ada = await windowOf('Ada Lindqvist');
  const benny = await windowOf('Ben Okafor');
  for (const window of [ada, benny]) await window.page.goto(`/c/${general}`);
  // A hint reaches only who is listening by then.
  await benny.page.getByText('This is the beginning').waitFor();
  await composerOf(ada).pressSequentially('Is anybody there?', { delay: 20 });
  await benny.page.getByText('Ada Lindqvist is typing…').waitFor();
  await composerOf(ada).press('Enter');
  await said(benny, 'Is anybody there?').waitFor();
  await composerOf(benny).fill('Yes, me.');
  await composerOf(benny).press('Enter');
  await said(ada, 'Yes, me.').waitFor();
  expect(await said(ada, 'Is anybody there?').count()).toBe(1);
  // Sent, not still on the way: the glyph beside one's own words says so.
  await ada.page.locator('article', { hasText: 'Is anybody there?' }).getByTitle('Sent', { exact: true }).waitFor();
});

test('what is written without a line survives a reload, and goes out once when the line is back', async () => {
  const ada = await windowOf('Ada Lindqvist', { breakable: true });
  await ada.page.goto(`/c/${general}`);
  await composerOf(ada).waitFor();
  await ada.cut();
  for (const text of ['First without a line', 'Second without a line']) {
    await composerOf(ada).fill(text);
    await composerOf(ada).press('Enter');
    await said(ada, text).waitFor();
  }
  await ada.page.locator('main .connection').waitFor();
  await composerOf(ada).fill('A draft, too');
  await ada.page.reload();
  ada.mend();
  await until(async () => {
    const page = await ben.call('history:page', { conversationId: general });
    return (
      'messages' in page && page.messages.filter((message) => message.body.endsWith('without a line')).length === 2
    );
  }, 'both messages to arrive');
  await said(ada, 'Second without a line').waitFor();
  expect(await said(ada, 'without a line').allInnerTexts()).toEqual(['First without a line', 'Second without a line']);
  expect(await composerOf(ada).inputValue()).toBe('A draft, too');
  await composerOf(ada).fill('');
});

test('a message is edited with the arrow up, and recalled; the other window shows both', async () => {
  const ada = await windowOf('Ada Lindqvist');
  const benny = await windowOf('Ben Okafor');
  for (const window of [ada, benny]) await window.page.goto(`/c/${general}`);
  await composerOf(ada).fill('See you at tne');
  await composerOf(ada).press('Enter');
  await said(benny, 'See you at tne').waitFor();
  await ada.page.locator('article', { hasText: 'See you at tne' }).getByTitle('Sent', { exact: true }).waitFor();
  await composerOf(ada).press('ArrowUp');
  expect(await composerOf(ada).inputValue()).toBe('See you at tne');
  await composerOf(ada).fill('See you at ten');
  await composerOf(ada).press('Enter');
  await said(benny, 'See you at ten').waitFor();
  await benny.page.locator('article', { hasText: 'See you at ten' }).getByText('edited').waitFor();
  const mine = ada.page.locator('main article', { hasText: 'See you at ten' });
  await mine.hover();
  await mine.getByRole('button', { name: 'More' }).click();
  await ada.page.getByRole('menuitem', { name: 'Recall' }).click();
  await ada.page.getByRole('button', { name: 'Recall the message' }).click();
  await benny.page.getByText('This message was recalled.').waitFor();
  expect(await said(benny, 'See you at ten').count()).toBe(0);
});

test('an answer opens its thread beside the talk, and the root counts it', async () => {
  const root = await ben.call('message:send', {
    conversationId: general,
    clientId: newId(),
    body: 'Who has the lamp?',
  });
  const ada = await windowOf('Ada Lindqvist');
  await ada.page.goto(`/c/${general}`);
  const message = ada.page.locator('main article', { hasText: 'Who has the lamp?' });
  await message.hover();
  await message.getByRole('button', { name: 'Reply in thread' }).click();
  await ada.page.waitForURL(`**/c/${general}/t/${root.id}`);
  const thread = ada.page.locator('aside');
  await thread.locator('[data-composer]').fill('I do.');
  await thread.locator('[data-composer]').press('Enter');
  await message.getByText('1 answer').waitFor();
  expect(await said(ada, 'I do.').count()).toBe(0);
});

test('a conversation with topics shows headings, and can be narrowed to one', async () => {
  const { conversation } = await ben.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'reports',
    visibility: 'public',
    threading: 'topics',
    memberIds: [(await world.person('Ada Lindqvist')).id],
  });
  const say = (body: string, more: { title?: string; threadId?: string }) =>
    ben.call('message:send', { conversationId: conversation.id, clientId: newId(), body, ...more });
  const heat = await say('The lab is too warm', { title: 'Heat' });
  await say('The roof leaks', { title: 'Roof' });
  await say('Windows are open now', { threadId: heat.id });
  const ada = await windowOf('Ada Lindqvist');
  await ada.page.goto(`/c/${conversation.id}`);
  await said(ada, 'Windows are open now').waitFor();
  await until(
    async () =>
      (await ada.page.locator('main .topic .cut').allInnerTexts()).filter((text) => text === 'Heat').length >= 2,
    'both headings of the topic',
  );
  await ada.page.locator('main').getByRole('link', { name: 'Heat' }).first().click();
  await ada.page.waitForURL(`**/t/${heat.id}`);
  await said(ada, 'Windows are open now').waitFor();
  await said(ada, 'The roof leaks').waitFor({ state: 'detached' });
  await composerOf(ada).fill('Much better');
  await composerOf(ada).press('Enter');
  await said(ada, 'Much better').waitFor();
  await until(async () => {
    const page = await ben.call('history:page', { conversationId: conversation.id, threadId: heat.id });
    return 'messages' in page && page.messages.some((message) => message.body === 'Much better');
  }, 'the message to be in its topic');
});

test('a body is Markdown, and nothing more: no scripts, no images, links that open safely', async () => {
  const ada = await windowOf('Ada Lindqvist');
  await ada.page.goto(`/c/${general}`);
  const { id } = await world.person('Ada Lindqvist');
  const body = `**Look** <img src=x onerror="document.title='hacked'"> ![pixel](https://evil.example/p.png) [click](javascript:document.title='hacked') [site](https://example.org/a) <@${id}>`;
  await ben.call('message:send', { conversationId: general, clientId: newId(), body });
  const message = said(ada, 'Look').last();
  await message.waitFor();
  expect(await message.locator('strong').innerText()).toBe('Look');
  expect(await message.locator('img, script').count()).toBe(0);
  const links = await message
    .locator('a')
    .evaluateAll((all) =>
      all.map((link) => [link.getAttribute('href'), link.getAttribute('target'), link.getAttribute('rel')]),
    );
  expect(links.filter(([href]) => href?.startsWith('https://example.org'))).toEqual([
    ['https://example.org/a', '_blank', 'noopener noreferrer nofollow'],
  ]);
  expect(links.every(([href]) => /^https?:/.test(href ?? ''))).toBe(true);
  expect(await message.locator('.mention').innerText()).toBe('@Ada Lindqvist');
  expect(await ada.page.title()).not.toContain('hacked');
});

test('while an input method composes, Enter chooses a word and does not send', async () => {
  const ada = await windowOf('Ada Lindqvist');
  await ada.page.goto(`/c/${general}`);
  await composerOf(ada).fill('ni hao');
  await composerOf(ada).evaluate((field) =>
    field.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, isComposing: true }),
    ),
  );
  await composerOf(ada).evaluate((field) =>
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })),
  );
  expect(await composerOf(ada).inputValue()).toBe('ni hao');
  await composerOf(ada).press('Enter');
  await said(ada, 'ni hao').waitFor();
  expect(await said(ada, 'ni hao').count()).toBe(1);
});
