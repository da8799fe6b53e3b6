import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

/*
 * The scroll never jumps. A message on screen is the witness: turning the wheel moves it by exactly as much, whatever pages arrive,
 * are measured or change meanwhile; and while nobody turns the wheel it does not move at all.
 */

const count = 420;
let world: World;
let browser: Browser;
let archive: string;
let ben: TestClient;
let window: Window;

const sentence =
  'The reference lamp has to be warm before anybody measures, or the drift of the first minutes ends up in the table. ';
/** Lengths from one word to half a page, so that no guess of a height is right. */
const bodyOf = (n: number) =>
  `#${n} ${sentence.repeat(((n * 7919) % 11) % 8)}${n % 23 === 0 ? '\n\n```\nline\nline\nline\n```' : ''}`;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner'] });
  const ada = await world.person('Ada Lindqvist');
  ben = await world.device('Ben Okafor');
  const chen = await world.device('陈志远');
  const cleo = await world.person('Cleo');
  const { conversation } = await ben.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'archive',
    visibility: 'public',
    memberIds: [ada.id, chen.userId, cleo.id],
  });
  archive = conversation.id;
  for (let n = 1; n <= count; n++) {
    const who = n % 5 < 3 ? ben : chen;
    await who.call('message:send', { conversationId: archive, clientId: `n-${n}`, body: bodyOf(n) });
  }
});
afterEach(() => window.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function openAt(address: string) {
  window = await openWindow(browser, world.origin);
  await window.signIn(await world.person('Ada Lindqvist'));
  await window.page.goto(address);
  await window.page.locator('main .scroller.shown article').first().waitFor();
  await still();
  return window.page;
}

/** Resolves when neither position nor length of the list has changed for a while. */
async function still() {
  await window.page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>('main .scroller')!;
    for (let same = 0, before = ''; same < 12;) {
      await new Promise(requestAnimationFrame);
      const now = `${scroller.scrollTop} ${scroller.scrollHeight}`;
      same = now === before ? same + 1 : 0;
      before = now;
    }
  });
}

/** The messages on screen, with where each begins, measured from the top of the list. */
const onScreen = () =>
  window.page.evaluate(() => {
    const scroller = document.querySelector<HTMLElement>('main .scroller')!;
    const { top, bottom } = scroller.getBoundingClientRect();
    return [...scroller.querySelectorAll<HTMLElement>('article')]
      .map((article) => ({
        seq: Number(article.dataset['seq']),
        top: article.getBoundingClientRect().top - top,
        bottom: article.getBoundingClientRect().bottom,
      }))
      .filter((article) => article.bottom > top && article.top + top < bottom);
  });
const place = () =>
  window.page.evaluate(() => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector<HTMLElement>('main .scroller')!;
    return { scrollTop, fromEnd: scrollHeight - clientHeight - scrollTop };
  });

/** Whether the wheel can still be turned towards message `last`. At the end of what is there it waits for what is on its way. */
async function goesOn(towards: 'scrollTop' | 'fromEnd', last: number): Promise<boolean> {
  let goes = true;
  await until(async () => {
    goes = (await place())[towards] > 400;
    return goes || (await window.page.locator(`main article[data-seq="${last}"]`).count()) > 0;
  }, 'more of the talk');
  return goes;
}

/** Turns the wheel by `delta` and answers how far the worst witness is from where it should be. */
async function turn(delta: number): Promise<number> {
  const before = await onScreen();
  await window.page.mouse.wheel(0, delta);
  await still();
  const after = new Map((await onScreen()).map(({ seq, top }) => [seq, top]));
  const drifts = before
    .filter(({ seq }) => after.has(seq))
    .map(({ seq, top }) => Math.abs(after.get(seq)! - (top - delta)));
  expect(drifts.length, 'a message stayed on screen').toBeGreaterThan(0);
  return Math.max(...drifts);
}

test('a talk that was read opens at its end; reading back to the first message, nothing jumps', async () => {
  const ada = await world.device('Ada Lindqvist');
  await ada.call('read:mark', { conversationId: archive, line: count });
  const page = await openAt(`/c/${archive}`);
  expect((await onScreen()).at(-1)!.seq).toBe(count);
  expect((await place()).fromEnd).toBeLessThan(2);
  await page.locator('main .scroller').hover();
  let worst = 0;
  let turns = 0;
  while (await goesOn('scrollTop', 1)) {
    worst = Math.max(worst, await turn(-360));
    if (++turns > 600) throw new Error('the beginning was never reached');
  }
  expect(worst).toBeLessThanOrEqual(1.5);
  await window.page.mouse.wheel(0, -2_000);
  await still();
  expect((await onScreen())[0]!.seq).toBe(1);
});

test('a talk with unread messages opens at the first of them, below some of what was read', async () => {
  const cleo = await world.device('Cleo');
  await cleo.call('read:mark', { conversationId: archive, line: 300 });
  window = await openWindow(browser, world.origin);
  await window.signIn(await world.person('Cleo'));
  await window.page.goto(`/c/${archive}`);
  const rule = window.page.locator('main .new');
  await rule.waitFor();
  await still();
  const { top, height } = await window.page.evaluate(() => {
    const scroller = document.querySelector<HTMLElement>('main .scroller')!.getBoundingClientRect();
    const newLine = document.querySelector<HTMLElement>('main .new')!.getBoundingClientRect();
    return { top: newLine.top - scroller.top, height: scroller.height };
  });
  expect(top).toBeGreaterThan(0);
  expect(top).toBeLessThan(height / 2);
  expect((await onScreen()).some(({ seq }) => seq === 301)).toBe(true);
});

test('a link to a message opens there, and reading on to the newest does not jump either', async () => {
  const page = await openAt(`/c/${archive}?m=200`);
  expect((await onScreen()).map(({ seq }) => seq)).toContain(200);
  await page.locator('main .scroller').hover();
  let worst = 0;
  for (let turns = 0; (await goesOn('fromEnd', count)) && turns < 600; turns++)
    worst = Math.max(worst, await turn(360));
  expect(worst).toBeLessThanOrEqual(1.5);
  await window.page.mouse.wheel(0, 2_000);
  await still();
  expect((await onScreen()).at(-1)!.seq).toBe(count);
});

test('what arrives, changes or is written while one reads older messages does not move them', async () => {
  await openAt(`/c/${archive}?m=380`);
  await window.page.locator('main .scroller').hover();
  await window.page.mouse.wheel(0, -200);
  await still();
  const before = await onScreen();
  const above = before[0]!.seq - 3;
  const page = await ben.call('history:page', { conversationId: archive, around: above, limit: 10 });
  if (!('messages' in page)) throw new Error('no page');
  const edited = page.messages.find((message) => message.senderId === ben.userId && message.seq <= above)!;
  await ben.call('message:edit', {
    conversationId: archive,
    messageId: edited.id,
    body: `${edited.body}\n\n${sentence.repeat(9)}`,
  });
  const arrived = await ben.call('message:send', {
    conversationId: archive,
    clientId: newId(),
    body: sentence.repeat(5),
  });
  await until(async () => (await window.page.locator('main article .mark').count()) > 0, 'the edit to be drawn');
  await still();
  const after = new Map((await onScreen()).map(({ seq, top }) => [seq, top]));
  for (const { seq, top } of before) expect(Math.abs(after.get(seq)! - top), `message ${seq}`).toBeLessThanOrEqual(1.5);
  // At the end one stays at the end: what arrives is followed.
  await window.page.getByRole('button', { name: 'To the newest messages' }).click();
  await until(async () => (await onScreen()).at(-1)?.seq === arrived.seq, 'the end');
  const next = await ben.call('message:send', { conversationId: archive, clientId: newId(), body: sentence.repeat(6) });
  await until(async () => (await onScreen()).at(-1)?.seq === next.seq, 'the newest to be followed');
  await still();
  expect((await place()).fromEnd).toBeLessThan(2);
});
