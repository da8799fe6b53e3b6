import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { until } from '../server/testing/client.ts';
import { newId } from '../server/kernel/ids.ts';
import { visitor, type Visitor } from '../server/testing/http.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

const long = 'Aa Maximiliana Konstantina von Hohenfels-Bartholdy-Altenburg';
let world: World;
let browser: Browser;
let olga: Visitor;
const open: (Window | Desk)[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner', { roles: ['owner', 'member'] }));
  for (const name of ['Ada Lindqvist', 'Ben Okafor', 'Cleo Marsh', long]) await world.person(name);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function sit(where: string, look: Parameters<typeof openDesk>[3] = {}, who = 'Olga Owner') {
  const desk = await openDesk(browser, world.origin, await world.person(who), look);
  open.push(desk);
  await desk.open(where);
  return desk;
}
const statusOf = async (name: string) => {
  const { id } = await world.person(name);
  return (await world.db.rows<{ status: string }>('select status from users where id = $1', [id]))[0]!.status;
};
const dialogOf = ({ page }: Desk) => page.getByRole('dialog');
const isFocused = (desk: Desk, selector: string) => () =>
  desk.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);

test.each([
  { colorScheme: 'light', language: 'en' },
  { colorScheme: 'dark', language: 'zh-CN' },
  { colorScheme: 'dark', language: 'en' },
  { colorScheme: 'light', language: 'zh-CN' },
] as const)('no page and no dialog about people has a barrier: $colorScheme, $language', async (look) => {
  const { id } = await world.person('Ada Lindqvist');
  const desk = await sit('/people', look);
  const { page } = desk;
  const seen = async (what: string) => expect(await desk.barriers(), what).toEqual([]);
  await page.getByRole('link', { name: 'Ada Lindqvist' }).waitFor();
  await seen('list');
  await page.locator('tbody input[type=checkbox]').first().check();
  await seen('selection');
  await page.locator('tbody button.icon-button').first().click();
  await page.getByRole('menuitem').first().waitFor();
  await seen('row menu');
  await page.getByRole('menuitem').last().click();
  await page.locator('#reason').waitFor();
  await seen('plan');
  await page.keyboard.press('Escape');
  await dialogOf(desk).waitFor({ state: 'detached' });
  for (const address of ['/people?q=nobody+is+called+this', '/people/invite', `/people/${id}`, `/people/${id}/edit`]) {
    await desk.open(address);
    await page.waitForLoadState('networkidle');
    await seen(address);
  }
});

test('somebody is suspended and taken back by keyboard alone: plan, reason, apply, undo', async () => {
  const { id } = await world.person('Ben Okafor');
  const desk = await sit(`/people/${id}`);
  const { page } = desk;
  const more = page.getByRole('button', { name: 'More about Ben Okafor' });
  await tabTo(page, more);
  await page.keyboard.press('Enter');
  const item = page.getByRole('menuitem', { name: 'Suspend…' });
  await item.waitFor();
  for (let step = 0; step < 12 && !(await item.evaluate((one) => one === document.activeElement)); step++)
    await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('Their access ends at once').waitFor();
  await until(isFocused(desk, '#reason'), 'the reason to have the focus');
  expect(await dialogOf(desk).innerText()).toMatch(/1\s+person changed/);
  // Without a reason nothing is sent, and the field says so.
  const go = dialogOf(desk).getByRole('button', { name: 'Suspend Ben Okafor' });
  await tabTo(page, go);
  await page.keyboard.press('Enter');
  await page.getByText('Say why.').waitFor();
  expect(await statusOf('Ben Okafor')).toBe('active');
  await until(isFocused(desk, '#reason'), 'the reason to have the focus again');
  await page.keyboard.type('left the company');
  await tabTo(page, go);
  await page.keyboard.press('Enter');
  await page.getByText('Ben Okafor is suspended.').waitFor();
  expect(await statusOf('Ben Okafor')).toBe('suspended');
  const [entry] = await world.db.rows<{ id: number; reason: string }>(
    `select id, reason from audit_entries where action = 'user.suspended' and target_id = $1`,
    [id],
  );
  expect(entry!.reason).toBe('left the company');
  const href = await dialogOf(desk).getByRole('link', { name: 'See it in the audit log' }).getAttribute('href');
  expect(href).toContain(`entry=${entry!.id}`);
  await tabTo(page, dialogOf(desk).getByRole('button', { name: 'Undo' }));
  await page.keyboard.press('Enter');
  await page.getByText('They get their access back').waitFor();
  await until(isFocused(desk, '#reason'), 'the reason to have the focus');
  await page.keyboard.type('came back');
  await tabTo(page, dialogOf(desk).getByRole('button', { name: 'Reactivate Ben Okafor' }));
  await page.keyboard.press('Enter');
  await page.getByText('Ben Okafor is active again.').waitFor();
  expect(await statusOf('Ben Okafor')).toBe('active');
  await page.keyboard.press('Escape');
  await dialogOf(desk).waitFor({ state: 'detached' });
  // Whoever closes a dialog goes on on the page, not at the top of the document.
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
});

test('a cancelled act changes nothing, and the focus goes back to where it was asked from', async () => {
  const desk = await sit(`/people/${(await world.person('Cleo Marsh')).id}`);
  const more = desk.page.getByRole('button', { name: 'More about Cleo Marsh' });
  await more.click();
  await desk.page.getByRole('menuitem', { name: 'Suspend…' }).click();
  await desk.page.locator('#reason').waitFor();
  await desk.page.keyboard.press('Escape');
  await dialogOf(desk).waitFor({ state: 'detached' });
  await until(() => more.evaluate((one) => one === document.activeElement), 'the focus to come back');
  expect(await statusOf('Cleo Marsh')).toBe('active');
});

test('a plan that has moved is refused with what moved, and the plan of now stands below', async () => {
  const { id } = await world.person('Cleo Marsh');
  const desk = await sit(`/people/${id}`);
  const { page } = desk;
  await page.getByRole('button', { name: 'More about Cleo Marsh' }).click();
  await page.getByRole('menuitem', { name: 'Suspend…' }).click();
  await page.locator('#reason').fill('a reason');
  // Between the look and the act, Cleo signs in: one more session would end.
  await visitor(world.origin).signIn(await world.person('Cleo Marsh'));
  await page.getByRole('button', { name: 'Suspend Cleo Marsh' }).click();
  const said = page.getByRole('alert');
  await said.waitFor();
  expect(await said.innerText()).toMatch(/The plan has changed since you looked[\s\S]*Nothing was done\./);
  expect(await statusOf('Cleo Marsh')).toBe('active');
  await dialogOf(desk)
    .getByText(/session changed/)
    .first()
    .waitFor();
  expect(await page.locator('#reason').inputValue()).toBe('a reason');
  expect(await desk.barriers()).toEqual([]);
  await page.getByRole('button', { name: 'Suspend Cleo Marsh' }).click();
  await page.getByText('Cleo Marsh is suspended.').waitFor();
  expect(await statusOf('Cleo Marsh')).toBe('suspended');
  await olga.act('reactivatePeople', { ids: [id] });
});

test('an invited person gets a link once, sets a password and is in the chat; the link opens nothing twice', async () => {
  const desk = await sit('/people/invite', { permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = desk;
  await page.getByRole('button', { name: 'Review the invitation' }).click();
  expect(await page.locator('#email').getAttribute('aria-invalid')).toBe('true');
  await page.locator('#name').fill('Ines Invited');
  await page.locator('#email').fill('ines@example.com');
  await page.locator('#title').fill('Baker');
  await page.getByRole('button', { name: 'Review the invitation' }).click();
  await dialogOf(desk).getByRole('button', { name: 'Invite Ines Invited' }).click();
  const link = await page.locator('#one-time-link').inputValue();
  await page.getByRole('button', { name: 'Copy the link' }).click();
  await page.getByText('Copied.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  expect(await desk.barriers()).toEqual([]);
  await page.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('and not come yet').waitFor();
  expect(await page.content()).not.toContain(link.split('#')[1]);

  for (const look of [{}, { language: 'zh-CN', colorScheme: 'dark' }] as const) {
    const guest = await openWindow(browser, world.origin, look);
    open.push(guest);
    await guest.page.goto(link);
    await guest.page.locator('#password').waitFor();
    expect(await guest.barriers()).toEqual([]);
  }
  const { page: theirs } = open.at(-2)!;
  await theirs.locator('#password').fill('a password of my own');
  await theirs.keyboard.press('Enter');
  await theirs.locator('nav[data-region]').waitFor({ state: 'attached' });
  expect(new URL(theirs.url()).pathname).toBe('/');
  const { page: late } = open.at(-1)!;
  await late.locator('#password').fill('a password of my own');
  await late.keyboard.press('Enter');
  await late.getByRole('alert').waitFor();
  expect(await late.getByRole('alert').innerText()).toContain('此邀请已失效');
  await visitor(world.origin).signIn({ email: 'ines@example.com', password: 'a password of my own' });
});

test('a reset link is planned, offers to end access, shows once, sets a password', async () => {
  const ben = await world.person('Ben Okafor');
  const device = visitor(world.origin);
  await device.signIn(ben, { device: 'a device' });
  const desk = await sit(`/people/${ben.id}`);
  const { page } = desk;
  await page.getByRole('button', { name: /Ben Okafor/ }).click();
  await page.getByRole('menuitem', { name: 'Reset the password…' }).click();
  await dialogOf(desk).getByText('Make a link, and end access now').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByText('Make a link, and end access now').click();
  await dialogOf(desk).getByText('stops working at once').waitFor();
  await dialogOf(desk).getByText('1 reset link added').waitFor();
  await dialogOf(desk).getByText('1 session changed').waitFor();
  // A plan ends nothing.
  expect((await device.ask('GET', '/api/me')).status).toBe(200);
  expect(await desk.barriersInBoth()).toEqual([]);
  await dialogOf(desk).getByLabel('Reason').fill('a reason');
  await page.getByRole('button', { name: 'Make the link' }).click();
  const link = await page.locator('#one-time-link').inputValue();
  expect(new URL(link).pathname).toBe('/reset');
  expect(await desk.barriersInBoth()).toEqual([]);
  expect((await device.ask('GET', '/api/me')).status).toBe(401);
  await page.getByRole('button', { name: 'Close' }).last().click();
  expect(await page.content()).not.toContain(link.split('#')[1]);

  const theirs = await openWindow(browser, world.origin);
  open.push(theirs);
  await theirs.page.goto(link);
  await theirs.page.getByText('ben.okafor@example.com').waitFor();
  await theirs.page.locator('#password').fill('seven lamps over water');
  await theirs.page.keyboard.press('Enter');
  await theirs.page.locator('nav[data-region]').waitFor({ state: 'attached' });
  await visitor(world.origin).signIn({ email: ben.email, password: 'seven lamps over water' });
});

test('the console’s account menu leads to password and devices, and back', async () => {
  const desk = await sit('/', {}, 'Olga Owner');
  const { page } = desk;
  await page.locator('button.who').click();
  await page.getByRole('menuitem', { name: 'Password and devices' }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.getByRole('link', { name: 'Back to the console' }).click();
  await page.locator('#crumbs').waitFor();
});

test('the list is what the address says: filters, order and page, through back, reload and a shared link', async () => {
  await world.db.rows(
    `insert into users (id, kind, name, email) select gen_random_uuid(), 'person', 'Walk-on ' || lpad(n::text, 3, '0'), 'walkon' || n || '@example.com' from generate_series(1, 120) n`,
  );
  const desk = await sit('/people?size=25');
  const { page } = desk;
  const first = () => page.locator('tbody th').first().innerText();
  await page.getByRole('searchbox').or(page.getByLabel('Name or e-mail')).first().fill('walk-on');
  await page.getByText('120 people', { exact: true }).waitFor();
  expect(page.url()).toContain('q=walk-on');
  await page.getByRole('button', { name: /^Name/ }).click();
  await page.waitForURL(/order=down/);
  await until(async () => (await first()).includes('120'), 'the last to be first');
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.waitForURL(/after=/);
  await until(async () => (await first()).includes('095'), 'the second page');
  await page.getByText('26–50 of 120').waitFor();
  await page.reload();
  await until(async () => (await first()).includes('095'), 'the second page after a reload');
  await page.getByText('26–50 of 120').waitFor();
  const shared = page.url();
  await page.goBack();
  await until(async () => (await first()).includes('120'), 'the first page again');
  await page.goBack();
  await until(async () => (await first()).includes('001'), 'the order from before');
  await page.goForward();
  await until(async () => (await first()).includes('120'), 'the order of after');
  await desk.open(shared.slice(`${world.origin}/admin`.length));
  await until(async () => (await first()).includes('095'), 'what the link shows');
  await desk.open('/people?q=nobody+is+called+this');
  await page.getByText('Nothing matches these filters').waitFor();
  await page.getByRole('button', { name: 'Clear all filters' }).first().click();
  await page.getByRole('link', { name: 'Ada Lindqvist' }).waitFor();
  // An address somebody made up does no harm, and says what is wrong where it cannot be read.
  await desk.open('/people?status=nonsense&sort=password&size=9999');
  await page.getByRole('link', { name: 'Ada Lindqvist' }).waitFor();
});

test('several are suspended at once, and the plan counts them', async () => {
  const ids = [newId(), newId(), newId()];
  for (const [at, id] of ids.entries())
    await world.db.rows(`insert into users (id, kind, name, email) values ($1, 'person', $2, $3)`, [
      id,
      `Trio ${at + 1}`,
      `trio${at + 1}@example.com`,
    ]);
  const desk = await sit('/people?q=trio');
  const { page } = desk;
  await page.getByRole('link', { name: 'Trio 3' }).waitFor();
  await page.getByRole('checkbox', { name: 'Select everything on this page' }).check();
  await page.getByText('3 selected').waitFor();
  await page.getByRole('button', { name: 'Suspend…' }).click();
  await page.locator('#reason').fill('the season is over');
  expect(await dialogOf(desk).innerText()).toMatch(/3\s+people changed/);
  await page.getByRole('button', { name: 'Suspend 3 people' }).click();
  await page.getByText('3 people are suspended.').waitFor();
  const rows = await world.db.rows(`select from users where id = any ($1) and status = 'suspended'`, [ids]);
  expect(rows).toHaveLength(3);
});

test('a person’s page says what they are, where they are signed in, what was recorded, and how much they wrote', async () => {
  const ada = await world.device('Ada Lindqvist');
  const { id } = await world.person('Ada Lindqvist');
  const { conversation } = await ada.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'count me',
    visibility: 'public',
    memberIds: [],
  });
  for (let n = 0; n < 3; n++)
    await ada.call('message:send', { conversationId: conversation.id, clientId: newId(), body: `number ${n}` });
  await until(async () => {
    const behind = `select from outbox o join outbox_cursors c on c.watcher = 'dashboards' where (o.tx, o.id) > (c.tx, c.id) limit 1`;
    return (await world.db.rows(behind)).length === 0;
  }, 'the numbers to follow');
  const desk = await sit(`/people/${id}`);
  const { page } = desk;
  const facts = page.locator('dl').first();
  expect(
    await facts
      .locator('dt', { hasText: /^Messages$/ })
      .locator('xpath=following-sibling::dd[1]')
      .innerText(),
  ).toBe('3');
  await page.getByRole('heading', { name: 'About them in the audit log' }).waitFor();
  await page.getByRole('button', { name: /^End/ }).first().click();
  await page.locator('#reason').fill('lost on a train');
  await dialogOf(desk).locator('button[type=submit]').click();
  await dialogOf(desk).getByRole('button', { name: 'Close' }).last().click();
  const open = () => world.db.rows('select from devices where user_id = $1 and ended_at is null', [id]);
  await until(async () => (await open()).length === 0, 'their session to be over');
});

test('nothing about people speaks two languages at once, and no key stands where a word should be', async () => {
  const { id } = await world.person('Ada Lindqvist');
  const desk = await sit('/', { language: 'zh-CN' });
  const names =
    /Parley|Olga Owner|Ada Lindqvist|Ben Okafor|Cleo Marsh|Ines Invited|Baker|Trio \d|Walk-on \d+|English|Ctrl K|Chromium?|Chrome|Linux|(?:[Tt]est |Unnamed |a )?device|UTC|for the test|left the company|came back|a reason|the season is over|lost on a train/g;
  for (const address of ['/', '/people', '/people/invite', `/people/${id}`, `/people/${id}/edit`, '/nowhere']) {
    await desk.open(address);
    await desk.page.waitForLoadState('networkidle');
    const text = (await desk.page.locator('body').innerText())
      .replaceAll(long, '')
      .replaceAll(/\S+@\S+/g, '')
      .replaceAll(names, '');
    expect(text.match(/[a-z]+\.[a-zA-Z.]+[a-zA-Z]/g) ?? [], `keys on ${address}`).toEqual([]);
    expect(text.match(/[A-Za-z]{3,}/g) ?? [], `English on ${address}`).toEqual([]);
  }
});

test.each([1280, 390])('at %i pixels nothing hangs over the edge, not even a name of sixty letters', async (width) => {
  const { id } = await world.person(long);
  const desk = await sit('/', { viewport: { width, height: 800 } });
  for (const address of ['/', '/people', '/people/invite', `/people/${id}`, `/people/${id}/edit`]) {
    await desk.open(address);
    await desk.page.waitForLoadState('networkidle');
    const over = await desk.page.evaluate(() => {
      const main = document.querySelector('main')!;
      return Math.max(
        document.documentElement.scrollWidth - innerWidth,
        main.scrollWidth - main.clientWidth,
        main.getBoundingClientRect().right - innerWidth,
      );
    });
    expect(over, address).toBeLessThanOrEqual(0);
    // Nor is anything squeezed until its letters stand below each other.
    const rows = await desk.page.locator('tbody tr').evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(Math.max(0, ...rows), address).toBeLessThan(100);
    const marks = await desk.page.locator('tbody .status').evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(Math.max(0, ...marks), address).toBeLessThan(32);
  }
});
