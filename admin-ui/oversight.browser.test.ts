import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator } from 'playwright-core';
import { newId } from '../server/kernel/ids.ts';
import { until } from '../server/testing/client.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser, openWindow } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
let desk: Desk;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'parley-oversight-'));
  [world, browser] = await Promise.all([openWorld({ env: { PARLEY_LANE_QUEUE: '4321' } }), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  for (const name of ['Ada Lindqvist', 'Ben Okafor', 'Somebody whose name is so long that no column was made for it'])
    await world.person(name);
});
afterEach(() => desk?.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
  rmSync(home, { recursive: true, force: true });
});

const enter = async (where: string, look = {}, who = 'Olga Owner') => {
  desk = await openDesk(browser, world.origin, await world.person(who), look);
  await desk.open(where);
  return desk.page;
};
const dialog = () => desk.page.getByRole('dialog');
/** The field of a filter's list. */
const chooser = () => desk.page.locator('input[role=combobox]');
const entriesOf = (action: string) =>
  world.db.rows<{ id: number; reason: string | null; targetName: string | null; after: object | null }>(
    `select id, reason, target_name as "targetName", after from audit_entries where action = $1 and outcome = 'done' order by id`,
    [action],
  );
/** Everything that is committed is sealed and signed: full batches are signed at once. */
async function sign(): Promise<void> {
  await world.db.rows(
    `insert into audit_entries (actor_name, action, outcome) select 'test', 'x.done', 'done' from generate_series(1, 1000)`,
  );
  await until(
    async () => (await world.db.rows(`select from audit_statements where kind = 'checkpoint'`)).length > 0,
    'a batch to be signed',
  );
}
const verify = (...args: string[]) =>
  promisify(execFile)(process.execPath, [path.join(import.meta.dirname, '../scripts/verify-audit.mjs'), ...args]);
async function downloaded(button: Locator): Promise<string> {
  const [file] = await Promise.all([desk.page.waitForEvent('download'), button.click()]);
  const place = path.join(home, file.suggestedFilename());
  await file.saveAs(place);
  return place;
}

test('a role is granted and withdrawn through its plan and a reason; what it allows stands beside who holds it', async () => {
  const page = await enter('/roles');
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('link', { name: /Analyst/ }).click();
  await page.getByText('Nobody holds this role.').waitFor();
  await page.getByText('Open a number down to its events').waitFor();
  await page.getByRole('button', { name: 'Give this role…' }).click();
  await dialog().getByRole('combobox').fill('Ada');
  await dialog()
    .getByRole('option', { name: /Ada Lindqvist/ })
    .waitFor();
  await until(async () => (await dialog().getByRole('option').count()) === 1, 'Ada alone to be offered');
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.keyboard.press('Enter');
  await dialog().getByText('1 role added').waitFor();
  await page.getByRole('button', { name: 'Give the role Analyst' }).click();
  await page.getByText('Say why.').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await dialog().getByLabel('Reason').fill('She reads the numbers');
  await page.getByRole('button', { name: 'Give the role Analyst' }).click();
  await page.getByText('Ada Lindqvist now holds the role Analyst.').waitFor();
  await page.keyboard.press('Enter');
  const row = page.getByRole('row').filter({ hasText: 'Ada Lindqvist' });
  await row.waitFor();
  expect(await entriesOf('role.granted')).toMatchObject([{ reason: 'She reads the numbers' }]);
  expect(await desk.barriersInBoth()).toEqual([]);
  await row.getByRole('button', { name: 'Withdraw…' }).click();
  await dialog().getByLabel('Reason').fill('Enough');
  await page.getByRole('button', { name: 'Withdraw the role Analyst' }).click();
  await page.getByText('Ada Lindqvist no longer holds the role Analyst.').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Nobody holds this role.').waitFor();
});

test('a device that is ended loses its chat at once; devices are found by words and idleness, many are ended together', async () => {
  const ben = await world.person('Ben Okafor');
  const chat = await openWindow(browser, world.origin);
  await chat.signIn(ben);
  await world.db.rows(
    `insert into devices (id, user_id, name, address, refresh_hash, last_seen_at) select gen_random_uuid(), $1, 'Old tablet ' || n, '10.0.0.' || n, 'x', now() - interval '40 days' from generate_series(1, 3) n`,
    [(await world.person('Ada Lindqvist')).id],
  );
  const page = await enter('/devices');
  await page
    .getByRole('row')
    .filter({ hasText: 'Ben Okafor' })
    .locator('td')
    .getByText('connected', { exact: true })
    .waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('searchbox').fill('ben oka');
  await page.waitForURL('**/devices?q=ben+oka');
  await page.getByText('1 device', { exact: true }).or(page.getByText('one device')).waitFor();
  await tabTo(page, page.getByRole('button', { name: /^End now… .*Ben Okafor/ }));
  await page.keyboard.press('Enter');
  await dialog().getByText('1 session changed').waitFor();
  // Looking at a plan ends nobody.
  expect(await chat.page.locator('nav[data-region]').count()).toBe(1);
  expect(await desk.barriersInBoth()).toEqual([]);
  await dialog().getByLabel('Reason').fill('Lost');
  await page.getByRole('button', { name: 'End the session' }).click();
  await page.getByText('The session has ended.').waitFor();
  await chat.page.locator('#password').waitFor();
  expect(new URL(chat.page.url()).pathname).toBe('/sign-in');
  await chat.close();
  await page.keyboard.press('Enter');

  await desk.open('/devices?idle=30');
  await page.getByRole('row').filter({ hasText: 'Old tablet 1' }).waitFor();
  await page.getByRole('checkbox', { name: 'Select everything on this page' }).click();
  await page.getByText('3 selected').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('button', { name: 'End 3…' }).click();
  await dialog().getByText('3 sessions changed').waitFor();
  await dialog().getByLabel('Reason').fill('Unused');
  await page.getByRole('button', { name: 'End 3 sessions' }).click();
  await page.getByText('3 sessions have ended.').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Nothing matches these filters').waitFor();
  expect(await world.db.rows(`select from devices where name like 'Old tablet%' and ended_at is null`)).toEqual([]);
});

test('the log is narrowed from the address and back into it; a line shows before and after, its seal, and a proof that holds', async () => {
  await world.db.rows(`insert into departments (id, name) values ($1, 'Sales')`, [newId()]);
  const page = await enter('/settings');
  await page.getByLabel('Organisation').fill('Lantern');
  await page.getByRole('button', { name: 'Change…' }).first().click();
  await dialog().getByLabel('Reason').fill('A better name');
  await page.getByRole('button', { name: 'Change the setting' }).click();
  await page.getByRole('link', { name: 'See it in the audit log' }).click();

  // The act leads to its own line, in the log of what it was about.
  const sheet = page.getByRole('dialog', { name: /^Line \d+ of the audit log/ });
  await sheet.getByText('A better name').waitFor();
  await sheet.getByText('Value').waitFor();
  expect(await sheet.getByRole('table').innerText()).toMatch(/Parley\s+Lantern/);
  await sheet.getByText('Sealed at position').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  const address = new URL(page.url());
  expect([address.pathname, address.searchParams.get('target')]).toEqual(['/admin/audit', 'organisation']);
  const entry = address.searchParams.get('entry')!;
  await sign();

  // A proof of that line alone, for somebody who holds only the public key.
  const proof = await downloaded(sheet.getByRole('button', { name: 'Download the proof' }));
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'How to check it' }).click();
  await dialog().getByText('signs now').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  const key = await downloaded(dialog().getByRole('button', { name: /^Download the public key/ }));
  expect((await verify('--proof', proof, '--key', key)).stdout).toContain('Lantern');
  const verifier = await downloaded(dialog().getByRole('button', { name: 'Download verify-audit.mjs' }));
  expect(readFileSync(verifier, 'utf8')).toBe(
    readFileSync(path.join(import.meta.dirname, '../scripts/verify-audit.mjs'), 'utf8'),
  );
  await page.keyboard.press('Escape');

  // Filters stand in the address, and an address with filters shows what its sender saw.
  await desk.open('/audit');
  await page.getByRole('button', { name: 'What', exact: true }).click();
  await page.getByRole('option', { name: /changed the setting/ }).click();
  await page.waitForURL('**/audit?action=setting.changed');
  await page.getByRole('button', { name: 'Outcome' }).click();
  await page.getByRole('option', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'When', exact: true }).click();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('option', { name: 'Last 7 days' }).click();
  await page.getByRole('button', { name: 'Who', exact: true }).click();
  await chooser().fill('Olga');
  await page.getByRole('option', { name: /Olga Owner/ }).click();
  await until(async () => (await page.locator('tbody tr').count()) === 1, 'one line to be left');
  const shared = new URL(page.url());
  expect([...shared.searchParams.keys()].sort()).toEqual(['action', 'actor', 'from', 'outcome']);
  await page.reload();
  await page.getByText('Olga Owner changed the setting').waitFor();
  expect(await page.locator('tbody tr').count()).toBe(1);
  await page.getByRole('button', { name: 'Clear all filters' }).click();
  await page.waitForURL('**/admin/audit');

  // What it was done to is found by name, and a link to a line opens it behind a thousand newer ones.
  await page.getByRole('button', { name: 'To', exact: true }).click();
  await chooser().fill('Ada');
  await page.getByRole('option', { name: /Ada Lindqvist/ }).click();
  await page.waitForURL(`**/audit?target=${(await world.person('Ada Lindqvist')).id}`);
  await desk.open(`/audit?entry=${entry}`);
  await sheet.getByText('A better name').waitFor();
  await desk.open('/audit?entry=999999999&from=nonsense&outcome=perhaps');
  await page.getByText('There is no line 999999999 in the audit log.').waitFor();
  // A day no calendar has is none: it is not taken for another, far away.
  await desk.open('/audit?from=2099-02-30');
  await page.locator('tbody tr').first().waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
});

test('an export becomes a task, its file is downloaded, and the verifier accepts it with the key the console hands out, and no other', async () => {
  await sign();
  const page = await enter('/audit');
  await page.getByRole('button', { name: 'How to check it' }).click();
  const key = await downloaded(dialog().getByRole('button', { name: /^Download the public key/ }));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Export…' }).click();
  await dialog().getByText('1 task added').waitFor();
  expect(await dialog().getByRole('row', { name: /Kind/ }).innerText()).toContain('Export of the audit log');
  await dialog().getByLabel('Reason').fill('For the auditors');
  await page.getByRole('button', { name: 'Export the audit log' }).click();
  await page.getByText('The export has begun').waitFor();
  await page.getByRole('link', { name: 'See the tasks' }).click();
  await page.waitForURL('**/tasks');
  const row = page.getByRole('row').filter({ hasText: 'Export of the audit log' }).first();
  await row.getByText('Done').waitFor();
  await row.getByText(/^Lines [\d,]+$/).waitFor();
  const cut = (cell: HTMLElement) => cell.scrollWidth > cell.clientWidth;
  expect(await row.locator('th, td', { hasText: 'parley-audit.ndjson' }).evaluate(cut), 'its file is named whole').toBe(
    false,
  );
  expect(await desk.barriersInBoth()).toEqual([]);
  const file = await downloaded(row.getByRole('button', { name: /^Download/ }));
  // The console hands out no copy from outside: without one, nothing is wrong and nothing more is proven.
  const { stdout } = await verify(file, '--key', key, '--json').catch((error: { stdout: string }) => error);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'not proven', findings: [] });
  expect((JSON.parse(stdout) as { signed: number }).signed).toBeGreaterThanOrEqual(1_000);
  const strangers = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
  await expect(
    verify(file, '--key', Buffer.from(strangers, 'base64').subarray(-32).toString('base64')),
  ).rejects.toThrow();
  expect(await entriesOf('task.file-opened')).toHaveLength(1);

  // The days one looks at are the days of the export.
  const [{ day } = { day: '' }] = await world.db.rows<{ day: string }>(
    `with old as (insert into audit_entries (at, actor_name, action, outcome) values (now() - interval '40 days', 'test', 'x.done', 'done') returning at)
     select to_char(at at time zone 'Europe/Berlin', 'YYYY-MM-DD') as day from old`,
  );
  const old = async () =>
    (
      await world.db.rows<{ position: number | null }>(
        `select position from audit_entries where at < now() - interval '30 days'`,
      )
    )[0]!.position;
  await until(async () => (await old()) !== null, 'the old line to be sealed');
  await desk.open(`/audit?from=${day}&to=${day}`);
  await page.getByRole('button', { name: 'Export…' }).click();
  await dialog()
    .getByText(/Makes a file of the lines of .*\d{4} that can be checked/)
    .waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await dialog().getByLabel('Reason').fill('That day');
  await page.getByRole('button', { name: 'Export the audit log' }).click();
  await page.getByText('The export has begun').waitFor();
  expect((await entriesOf('audit.exported')).at(-1)).toMatchObject({
    reason: 'That day',
    after: { from: await old(), to: await old() },
  });
});

test('the task centre follows what runs, and says of what failed or stopped what to do', async () => {
  await world.db.rows(
    `insert into tasks (id, kind, name, by_name, state, progress, total, started_at, moved_at, result) values
      ($1, 'import', 'A long import', 'operator', 'running', 1000, 4000, now(), now() + interval '1 hour', null),
      (gen_random_uuid(), 'import', 'A broken import', 'operator', 'failed', 0, null, now(), now(), '{"message":"The import failed; its command says why."}'),
      (gen_random_uuid(), 'import', 'A silent import', 'operator', 'running', 10, 40, now(), now() - interval '1 hour', null)`,
    ['018f0000-0000-7000-8000-000000000001'],
  );
  const page = await enter('/tasks');
  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  await row('A long import').getByText('25% · 1,000 of 4,000').waitFor();
  await row('A broken import').getByText('The import failed. What was stored stays').waitFor();
  await row('A silent import').getByText('gave no sign of life').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  // Nobody reloads: it goes on by itself.
  await world.db.rows(`update tasks set progress = 3000 where name = 'A long import'`);
  await row('A long import').getByText('75% · 3,000 of 4,000').waitFor();
  await world.db.rows(
    `update tasks set state = 'done', finished_at = now(), result = '{"stored": 3990, "already": 10}' where name = 'A long import'`,
  );
  await row('A long import').getByText('New 3,990 · There already 10').waitFor();
});

test('a setting says its default, what holds and where from; what the environment rules is locked, and no secret is shown', async () => {
  const page = await enter('/settings');
  const organisation = page.locator('form').filter({ hasText: 'Organisation' });
  await organisation.getByText('default Parley').waitFor();
  expect(await organisation.getByRole('button', { name: 'Change…' }).isDisabled()).toBe(true);
  const ruled = page.getByRole('region', { name: 'Ruled by the environment' });
  const line = (name: string) => ruled.locator('.setting').filter({ hasText: name });
  expect(await line('PARLEY_LANE_QUEUE').innerText()).toMatch(/4321\s+default 4000 · from the environment/);
  expect(await line('PARLEY_CALLS_PER_SECOND').locator('.value').innerText()).toBe('100000');
  expect(await line('PARLEY_SECRET').innerText()).toContain('set, and kept secret');
  expect(await ruled.getByRole('textbox').count()).toBe(0);
  expect(await ruled.getByRole('button').count()).toBe(0);
  expect(await page.content()).not.toContain(world.config.secret);
  expect(await desk.barriersInBoth()).toEqual([]);
});

test('a number setting shows its bounds, refuses values outside, changes by its plan', async () => {
  const page = await enter('/settings');
  const line = page.locator('form').filter({ hasText: 'Password length' });
  const field = line.getByRole('spinbutton');
  const change = line.getByRole('button', { name: 'Change…' });
  await line.getByText('A whole number from 8 to 64.').waitFor();
  expect([await field.inputValue(), await change.isDisabled()]).toEqual(['15', true]);
  for (const wrong of ['7', '65', '15.5', '']) {
    await field.fill(wrong);
    expect([wrong, await change.isDisabled(), await field.getAttribute('aria-invalid')]).toEqual([wrong, true, 'true']);
  }
  expect(await desk.barriersInBoth()).toEqual([]);
  await field.fill('20');
  await change.click();
  await dialog().getByRole('button', { name: 'Change the setting' }).click();
  await page.getByText('“Password length” was changed.').waitFor();
  await page.keyboard.press('Enter');
  await line.getByText('now 20').waitFor();
  expect(await world.db.rows(`select value from settings where name = 'passwordFloor'`)).toEqual([{ value: 20 }]);
});

test.each([
  { language: 'en', viewport: { width: 1280, height: 800 } },
  { language: 'zh-CN', viewport: { width: 390, height: 844 } },
] as const)('no page of oversight has a barrier or is wider than its window: $language', async (look) => {
  const page = await enter('/audit', look);
  for (const where of ['/audit', '/roles', '/roles/owner', '/devices', '/tasks', '/settings']) {
    await desk.open(where);
    await page.locator('article.page :is(table, form, ul)').first().waitFor();
    expect(await desk.barriersInBoth(), where).toEqual([]);
    expect(await page.locator('article.page').evaluate((one) => one.scrollWidth > one.clientWidth), where).toBe(false);
  }
});

test('an auditor sees the log and may take its key, and is offered no act that is not theirs', async () => {
  await world.person('Aud Itor', { roles: ['auditor'] });
  const page = await enter('/devices', {}, 'Aud Itor');
  await page.getByRole('row').nth(1).waitFor();
  expect(await page.getByRole('button', { name: /End now/ }).count()).toBe(0);
  expect(await page.getByRole('checkbox').count()).toBe(0);
  await desk.open('/roles/member');
  await page.getByRole('row').nth(1).waitFor();
  expect(await page.getByRole('button', { name: /Withdraw|Give/ }).count()).toBe(0);
  await desk.open('/settings');
  await page.getByRole('heading', { name: 'This page is not open to you' }).waitFor();
});
