import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { writeAllKeys } from '../../server/users/people-keys.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let ada: TestClient;
let general: string;
let window: Window;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld({ env: { PARLEY_ROLES: 'web' } }), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  ada = await world.device('Ada Lindqvist');
  const lin = await world.device('林志远');
  const devi = await world.device('Desmond Okafor');
  await world.device('陈雨桐');
  await world.db.rows(
    `insert into users (id, kind, name, email, title) values
       (gen_random_uuid(), 'person', '王思远', 'siyuan.w@example.com', 'Pilot'), (gen_random_uuid(), 'person', 'Zoë Fox', 'mail.box@example.com', null)`,
  );
  await world.db.rows(
    `insert into users (id, kind, name) select gen_random_uuid(), 'imported', '林' || n from generate_series(1, 60) n`,
  );
  await writeAllKeys(world.app.house);
  const room = async (who: TestClient, name: string, visibility: 'public' | 'private', memberIds: string[]) => {
    const input = { clientId: newId(), kind: 'channel', name, visibility, memberIds } as const;
    return (await who.call('conversation:create', input)).conversation.id;
  };
  general = await room(ada, 'general', 'public', [lin.userId, devi.userId]);
  await room(ada, 'incidents', 'private', []);
  await room(ada, 'redesigns', 'private', []);
  await room(ada, '产品设计', 'private', []);
  await room(devi, 'design', 'public', []);
  await room(devi, 'Vlissingen pilot', 'public', []);
  await ada.call('conversation:direct', { userId: lin.userId });
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function enter(options: Parameters<typeof openWindow>[2] = {}) {
  window = await openWindow(browser, world.origin, options);
  await window.signIn(await world.person('Ada Lindqvist'));
  await window.page.goto(`/c/${general}`);
  await window.page.locator('main [data-composer]').waitFor();
  return window.page;
}
/** The names offered: a row's face has letters too, and a second line what the person does. */
const options = (): Promise<string[]> =>
  window.page
    .getByRole('option')
    .evaluateAll((rows) => rows.map((row) => (row.querySelector('.name .cut, .cut') ?? row).textContent.trim()));
const offered = (expected: string[]) =>
  until(async () => {
    const now = (await options()).filter((text) => !/^(Search messages|搜索消息)/.test(text));
    return JSON.stringify(now) === JSON.stringify(expected);
  }, JSON.stringify(expected)).catch(async (error: Error) => {
    throw new Error(`${error.message}; offered were ${JSON.stringify(await options())}`);
  });

test('the switcher puts the best match first across conversations, people and channels', async () => {
  const page = await enter();
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.fill('des');
  await offered(['Desmond Okafor', 'design']);
  await field.fill('design');
  // A foreign channel's whole name stands above the middle of an own one; three letters within a word are no match.
  await offered(['design', 'redesigns']);
  await field.fill('gen');
  await offered([]);
  await field.fill('idents');
  await offered(['incidents']);
});

test('Chinese names are found by pinyin: own conversations, people, and own channels', async () => {
  const page = await enter({ language: 'zh-CN' });
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.fill('林');
  await offered(['林志远']);
  for (const typed of ['linzhiyuan', 'lzy', 'linzy']) {
    await field.fill('');
    await field.fill(typed);
    await until(async () => (await options())[0] === '林志远', typed);
  }
  for (const typed of ['cpsj', 'chanpin', 'chanpsj']) {
    await field.fill('');
    await field.fill(typed);
    await until(async () => (await options())[0] === '产品设计', typed);
  }
  await field.fill('yutong');
  await until(async () => (await options())[0] === '陈雨桐', 'a person one does not talk with yet');
  // The second line says why, where the name does not.
  await field.fill('mail.b');
  await until(
    async () => (await page.getByRole('option').first().locator('.words').innerText()) === 'Zoë Fox\nmail.box@…',
    'the address',
  );
  await page.keyboard.press('Escape');
});

test('offline, own conversations are found by name, without case and marks', async () => {
  const page = await enter({ breakable: true });
  await window.cut();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('志远');
  await offered(['林志远']);
  await page.getByRole('combobox').fill('INCI');
  await offered(['incidents']);
});

test('the mention picker finds members and others by pinyin, members first', async () => {
  const page = await enter();
  const composer = page.locator('main [data-composer]');
  await composer.pressSequentially('@lzy');
  await offered(['林志远']);
  await composer.fill('');
  await composer.pressSequentially('@yuan');
  // Both are found by a later syllable: the member is first.
  await offered(['林志远', '王思远']);
  await composer.fill('');
  await composer.pressSequentially('@siyuan');
  await until(async () => (await options())[0] === '王思远', 'the other');
  await page.keyboard.press('Enter');
  expect(await composer.inputValue()).toBe('@王思远 ');
});

test('people to talk with are chosen by pinyin; imported senders are not among them', async () => {
  const page = await enter();
  await page.locator('nav header .icon-button').last().click();
  const field = page.getByRole('combobox');
  await field.fill('林');
  await offered(['林志远']);
  await field.fill('wsy');
  await offered(['王思远']);
  expect(await window.barriers()).toEqual([]);
  await page.keyboard.press('Escape');
});

test('the filter by sender of the message search finds imported senders too', async () => {
  const page = await enter();
  await page.keyboard.press('Control+Shift+F');
  await page.locator('[data-search]').waitFor();
  await page.locator('.chip .name').first().click();
  const field = page.getByRole('combobox', { name: 'From whom' });
  await field.fill('林');
  await until(async () => {
    const all = await options();
    return all[0] === '林志远' && all.length === 12;
  }, 'colleague first, then imported people');
});
