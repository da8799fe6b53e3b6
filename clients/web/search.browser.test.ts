import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let ben: TestClient;
let planning: string;
let elsewhere: string;
let english: { id: string; seq: number };
let chinese: { id: string; seq: number };
let answer: { id: string; seq: number };
let window: Window;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  ben = await world.device('Ben Okafor');
  const ada = await world.person('Ada Lindqvist');
  await world.person('Eve Outside');
  const room = async (name: string) => {
    const input = { clientId: newId(), kind: 'channel', name, visibility: 'private', memberIds: [ada.id] } as const;
    return (await ben.call('conversation:create', input)).conversation.id;
  };
  planning = await room('planning');
  elsewhere = await room('elsewhere');
  const say = (conversationId: string, body: string, more: object = {}) =>
    ben.call('message:send', { conversationId, clientId: newId(), body, ...more });
  english = await say(planning, `The gantry crane <b>arrives</b> on Friday, says <@${ada.id}>`);
  chinese = await say(planning, '我们的企业即时通讯平台下周上线');
  answer = await say(planning, 'The harbour pilot agrees', { threadId: english.id });
  for (let i = 1; i <= 45; i++) await say(elsewhere, `Lighthouse report number ${i}`);
  for (let i = 1; i <= 60; i++) await say(planning, `Small talk ${i}`);
  await until(async () => {
    const behind = `select from outbox o join outbox_cursors c on c.watcher = 'search' where (o.tx, o.id) > (c.tx, c.id) limit 1`;
    return (await world.db.rows(behind)).length === 0;
  }, 'the index to follow');
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function enter(options?: Parameters<typeof openWindow>[2], who = 'Ada Lindqvist') {
  window = await openWindow(browser, world.origin, options);
  await window.signIn(await world.person(who));
  await window.page.locator('nav[data-region]').waitFor();
  return window.page;
}
const field = () => window.page.locator('[data-search]');
const hits = () => window.page.locator('.hit');
const found = (seq: number) => window.page.locator(`article.found[data-seq="${seq}"]`);

test('what was said is found by its words, marked, and opened in its context by keyboard alone', async () => {
  const page = await enter();
  await page.goto(`/c/${elsewhere}`);
  await page.locator('main article').first().waitFor();
  await page.keyboard.press('Control+Shift+F');
  await field().waitFor();
  await page.keyboard.type('crane FRIDAY');
  await hits().first().waitFor();
  expect(await hits().count()).toBe(1);
  expect(await hits().locator('mark').allInnerTexts()).toEqual(['crane', 'Friday']);
  // A body is text here: nothing of it becomes markup, and people are called by their names.
  expect(await hits().locator('.excerpt').innerText()).toBe(
    'The gantry crane <b>arrives</b> on Friday, says @Ada Lindqvist',
  );
  await until(async () => new URL(page.url()).searchParams.get('q') === 'crane FRIDAY', 'the address to say it');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/c/${planning}?m=${english.seq}`);
  await found(english.seq).waitFor();
  // The way back leads to what had been found.
  await page.goBack();
  await hits().first().waitFor();
  expect(await field().inputValue()).toBe('crane FRIDAY');
});

test('Chinese is found inside a sentence, and an answer opens in its thread', async () => {
  const page = await enter({ language: 'zh-CN', colorScheme: 'dark' });
  await page.getByRole('button', { name: '搜索消息' }).click();
  await field().fill('即时通讯');
  await hits().first().waitFor();
  expect(await hits().locator('mark').allInnerTexts()).toEqual(['即时通讯']);
  await hits().first().click();
  await found(chinese.seq).waitFor();
  await page.goto('/search?q=pilot');
  await hits().first().click();
  await page.waitForURL(`**/c/${planning}/t/${english.id}?m=${answer.seq}`);
  await page.locator('aside').locator(`article.found[data-seq="${answer.seq}"]`).waitFor();
});

test('filters stand in the address, narrow what is found, and can all be dropped', async () => {
  const page = await enter();
  await page.goto(`/c/${planning}`);
  await page.locator('main article').first().waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('lighthouse');
  await page.getByRole('option', { name: 'Search messages for “lighthouse”' }).click();
  await hits().first().waitFor();
  await page.getByRole('button', { name: 'Only planning' }).click();
  await page.getByText('Not with these filters.').waitFor();
  expect(new URL(page.url()).searchParams.get('in')).toBe(planning);
  await page.getByRole('button', { name: 'Search without filters' }).click();
  await hits().first().waitFor();
  await page.getByRole('button', { name: 'From anybody' }).click();
  await page.getByRole('combobox', { name: 'From whom' }).fill('ada');
  await page.getByRole('option', { name: 'Ada Lindqvist' }).click();
  await page.getByText('Not with these filters.').waitFor();
  expect(new URL(page.url()).searchParams.get('from')).toBe((await world.person('Ada Lindqvist')).id);
  await page.getByRole('button', { name: 'From anybody again' }).click();
  await hits().first().waitFor();
  await page.getByLabel('Before').fill('2020-01-01');
  await page.getByText('Not with these filters.').waitFor();
  await page.getByLabel('Before').fill('');
  await page.getByLabel('Since').fill('2020-01-01');
  await hits().first().waitFor();
  expect(new URL(page.url()).searchParams.get('after')).toBe('2020-01-01');
  await page.getByLabel('Since').fill('');
  await page.getByRole('button', { name: 'Any time' }).click();
  await page.getByRole('menuitem', { name: 'The last 7 days' }).click();
  await hits().first().waitFor();
  await until(async () => /[?&]after=\d{4}-\d\d-\d\d/.test(page.url()), 'the address to say since when');
  await page.getByRole('button', { name: 'The last 7 days' }).click();
  await page.getByRole('menuitem', { name: 'Any time' }).click();
  await page.getByRole('button', { name: 'Another conversation' }).click();
  await page.getByRole('combobox', { name: 'Find a conversation' }).fill('else');
  await page.locator('.choosing').getByRole('option', { name: 'elsewhere' }).click();
  await page.getByText('The newest 20 of 45 messages').waitFor();
  expect(new URL(page.url()).searchParams.get('in')).toBe(elsewhere);
  // A link somebody broke while copying still finds what it can.
  await page.goto('/search?q=lighthouse&in=nonsense&after=yesterday');
  await hits().first().waitFor();
});

test('a word that is being typed finds what it begins, and after Enter only itself', async () => {
  const page = await enter();
  await page.goto('/search?q=');
  await field().fill('gant');
  await hits().first().waitFor();
  expect(await hits().locator('mark').allInnerTexts()).toEqual(['gant']);
  await page.getByRole('button', { name: 'Whole words' }).click();
  await page.getByText('Only whole words were looked for.').waitFor();
  expect(new URL(page.url()).searchParams.get('whole')).toBe('1');
  await page.getByRole('button', { name: 'Find words that begin so' }).click();
  await hits().first().waitFor();
  // Enter before there is an answer asks for the words as they stand.
  await field().fill('gan');
  await page.keyboard.press('Enter');
  await page.getByText('Only whole words were looked for.').waitFor();
});

test('other spellings are found until one does not want them, and the choice is kept', async () => {
  const page = await enter();
  await page.goto('/search?q=企業即時');
  await hits().first().waitFor();
  expect(await hits().locator('mark').allInnerTexts()).toEqual(['企业即时']);
  await page.getByRole('button', { name: 'Other spellings' }).click();
  await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await page.getByRole('button', { name: 'Other spellings' }).click();
  await hits().first().waitFor();
});

test('more is a page further, the arrows walk on into it, and nothing comes twice', async () => {
  const page = await enter();
  await page.goto('/search?q=lighthouse');
  await page.getByText('The newest 20 of 45 messages').waitFor();
  expect(await hits().first().locator('.excerpt').innerText()).toBe('Lighthouse report number 45');
  await page.getByRole('button', { name: 'Show older ones' }).click();
  await page.getByText('The newest 40 of 45 messages').waitFor();
  await field().focus();
  for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowDown');
  await page.getByText('45 messages', { exact: true }).waitFor();
  const texts = await hits().locator('.excerpt').allInnerTexts();
  expect(texts).toEqual(Array.from({ length: 45 }, (_, i) => `Lighthouse report number ${45 - i}`));
  expect(await page.locator('.hit[aria-selected="true"] .excerpt').innerText()).toBe('Lighthouse report number 5');
});

test('who was not there finds nothing of it', async () => {
  const page = await enter({}, 'Eve Outside');
  for (const query of ['crane', '即时通讯', `pilot&in=${planning}`, `lighthouse&from=${ben.userId}`]) {
    await page.goto(`/search?q=${query}`);
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
    expect(await hits().count(), query).toBe(0);
  }
});

test('signs alone are answered with a hint, a server that cannot be asked with a sentence and a way to ask again', async () => {
  const page = await enter({ breakable: true });
  await page.goto('/search?q=%22%22');
  await page.getByText('Nothing to look for yet').waitFor();
  await window.cut();
  await field().fill('crane');
  await page.getByRole('heading', { name: 'The search did not work' }).waitFor();
  window.mend();
  await until(async () => {
    if (await hits().count()) return true;
    await page
      .getByRole('button', { name: 'Try again' })
      .click({ timeout: 1_000 })
      .catch(() => undefined);
    return false;
  }, 'the search to work again');
});

test.each([
  { colorScheme: 'light', language: 'en' },
  { colorScheme: 'dark', language: 'zh-CN' },
] as const)('the search has no barrier, wide or on a phone: $colorScheme, $language', async (look) => {
  for (const size of [{}, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }]) {
    const page = await enter({ ...look, ...size });
    for (const [what, query] of Object.entries({
      empty: '',
      hits: 'lighthouse',
      none: 'nobodysaidthis',
      signs: '""',
    })) {
      await page.goto(`/search?in=${elsewhere}&q=${encodeURIComponent(query)}`);
      await page
        .locator(query === 'lighthouse' ? '.hit mark' : '.state')
        .first()
        .waitFor();
      expect(await window.barriers(), what).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), what).toBe(false);
    }
    await page.locator('.filters .name').first().click();
    await page.getByRole('option').first().waitFor();
    expect(await window.barriers(), 'sender').toEqual([]);
    if (!('viewport' in size)) await window.close();
  }
});
