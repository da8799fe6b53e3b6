import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { visitor, type Visitor } from '../../server/testing/http.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

let world: World;
let browser: Browser;
let window: Window;
let olga: Visitor;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner', { roles: ['owner', 'member'] }));
});
afterEach(() => window?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

test.each([
  ['a wide window', { width: 1280, height: 800 }],
  ['a phone', { width: 390, height: 800 }],
])('who may not read conversations is told so, in %s', async (name, viewport) => {
  window = await openWindow(browser, world.origin);
  await window.page.setViewportSize(viewport);
  await window.signIn(await world.person(`Analyst with ${name}`, { roles: ['analyst'] }));
  await window.page.getByRole('heading', { name: 'You cannot read conversations' }).waitFor();
});

test('only what the organisation lets a person create is offered', async () => {
  window = await openWindow(browser, world.origin);
  const { page } = window;
  await window.signIn(await world.person('Ada Lindqvist'));
  const kinds = page.getByRole('dialog').getByRole('radio');
  const begin = () => page.getByRole('button', { name: 'New conversation' }).click();
  await begin();
  expect(await kinds.count()).toBe(3);
  await olga.act('changeSetting', { name: 'whoCreatesChannels', value: 'administrators' }, 'a test');
  await page.reload();
  await begin();
  // What this browser kept from before is shown until the server has answered.
  await kinds.nth(2).waitFor({ state: 'detached' });
  expect(await kinds.count()).toBe(2);
});
