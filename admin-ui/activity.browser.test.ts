import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator } from 'playwright-core';
import { system } from '../server/kernel/actor.ts';
import { newId } from '../server/kernel/ids.ts';
import { inWork } from '../server/kernel/work.ts';
import { until } from '../server/testing/client.ts';
import { visitor } from '../server/testing/http.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
let desk: Desk;
const departments: Record<string, string> = {};
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The analyst sits where it is about noon (the signs of these zones are turned around): no day ends between the telling and the asking. */
const hoursBehind = new Date().getUTCHours() - 12;
const timeZone = hoursBehind === 0 ? 'UTC' : `Etc/GMT${hoursBehind > 0 ? '+' : ''}${hoursBehind}`;
/** What was said, and when: days before today, who, in which kind of conversation. */
const said = [
  ...[0, 1, 1, 2, 5, 9, 9, 9, 16].map((days) => ({ days, who: 'Ada Lindqvist', kind: 'channel' })),
  ...[0, 1, 3, 9].map((days) => ({ days, who: 'Ben Okafor', kind: 'direct' })),
  ...[1, 9, 30, 31].map((days) => ({ days, who: '林晓雯', kind: 'group' })),
  ...Array.from({ length: 60 }, () => ({ days: 12, who: 'Ada Lindqvist', kind: 'group' })),
];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  await world.person('Priya Raman', { roles: ['analyst', 'member'] });
  for (const [name, parent] of [['Engineering'], ['Platform', 'Engineering'], ['Sales']] as const) {
    departments[name] = newId();
    await world.db.rows('insert into departments (id, name, parent_id) values ($1, $2, $3)', [
      departments[name],
      name,
      parent ? departments[parent] : null,
    ]);
  }
  const people = new Map<string, { id: string; department: string | null }>();
  for (const [name, department] of [
    ['Ada Lindqvist', 'Platform'],
    ['Ben Okafor', 'Sales'],
    ['林晓雯', null],
  ] as const)
    people.set(name, { ...(await world.person(name)), department: department && departments[department]! });
  for (const kind of ['direct', 'group', 'channel']) {
    const here = said.filter((one) => one.kind === kind);
    const room = newId();
    await world.db.rows(`insert into conversations (id, kind, visibility, name) values ($1, $2, 'private', $3)`, [
      room,
      kind,
      kind === 'direct' ? null : 'A room',
    ]);
    // Told to the event log as imports are: the one way a test has to what was said days ago.
    await inWork(world.app.house, system('a history'), async (work) => {
      await work.sql(
        `insert into messages (id, conversation_id, seq, rev, sender_id, department_id, client_id, body, created_at)
         select id, $1, n, n, sender, department, n::text, 'between us', at from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) with ordinality as t (id, sender, department, at, n)`,
        [
          room,
          here.map(() => newId()),
          here.map(({ who }) => people.get(who)!.id),
          here.map(({ who }) => people.get(who)!.department),
          here.map(({ days }) => new Date(Date.now() - days * dayMs)),
        ],
      );
      work.record('message.imported', { conversationId: room, fromSeq: 1, toSeq: here.length });
    });
  }
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga Owner'));
  await until(async () => {
    const { data } = await olga.graphql(
      '{ metric(id: "messages.sent", from: "2020-01-01", to: "2039-01-01", timeZone: "UTC", grain: month) { total } }',
    );
    return (data as unknown as { metric: { total: number } }).metric.total === said.length;
  }, 'the numbers to take everything over');
});
afterEach(() => desk.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const enter = async (who = 'Olga Owner', path = '/activity', look = {}) => {
  desk = await openDesk(browser, world.origin, await world.person(who), { timezoneId: timeZone, ...look });
  await desk.open(path);
  await desk.page.getByRole('slider').waitFor();
  return desk.page;
};
const number = (text: string | null) => Number((text ?? '').replaceAll(/\D/g, ''));
/** The chart as it is told to those who move through it. */
const told = async () => (await desk.page.getByRole('slider').getAttribute('aria-valuetext')) ?? '';
const valueTold = async () => number(/: ([\d,]+)/.exec(await told())?.[1] ?? '');
const tile = (name: string) => desk.page.locator(`[data-metric="${name}"]`);
const drawer = () => desk.page.getByRole('dialog');

/** How many events a drawer shows when everything in it has been asked for. */
async function countEvents(): Promise<number> {
  const more = drawer().getByRole('button', { name: 'Show more' });
  await drawer().getByRole('status').getByText('shown').waitFor();
  while (await more.isVisible()) {
    const before = await drawer().getByRole('listitem').count();
    await more.click();
    await until(
      async () => (await drawer().getByRole('listitem').count()) > before || !(await more.isVisible()),
      'further events',
    );
    await drawer().getByRole('status').getByText('shown').waitFor();
  }
  const shown = number(await drawer().getByRole('status').innerText());
  expect(await drawer().getByRole('listitem').count()).toBe(shown);
  return shown;
}
const shut = async () => {
  await desk.page.keyboard.press('Escape');
  await drawer().waitFor({ state: 'detached' });
};
const table = () => desk.page.getByRole('region', { name: 'Messages by Day', exact: true });
async function openTable(): Promise<Locator> {
  await desk.page.getByText('The numbers as a table').click();
  await table().waitFor();
  return table();
}

test('every point of the chart is the number in the table, and together they are the tile', async () => {
  const page = await enter();
  const rows = (await openTable()).locator('tbody tr');
  expect(await rows.count()).toBe(28);
  await page.getByRole('slider').focus();
  await page.keyboard.press('Home');
  let sum = 0;
  for (let at = 0; at < 28; at++) {
    const [name, value] = [
      await rows.nth(at).locator('th').innerText(),
      await rows.nth(at).locator('td').first().innerText(),
    ];
    expect((await told()).startsWith(name.split('\n')[0]!.replace(' Today is not over', '').trim()), await told()).toBe(
      true,
    );
    expect(await valueTold(), name).toBe(number(value));
    sum += number(value);
    await page.keyboard.press('ArrowRight');
  }
  expect(sum).toBe(said.filter(({ days }) => days < 28).length);
  expect(number(await tile('messages.sent').locator('.value').innerText())).toBe(sum);
});

test('a point opens exactly the events it counts: by keyboard, under the mouse, and from the table', async () => {
  const page = await enter();
  await tabTo(page, page.getByRole('slider'));
  await page.keyboard.press('Home');
  // Twelve days ago more was said than one page of events holds.
  await until(async () => {
    if ((await valueTold()) === 60) return true;
    await page.keyboard.press('ArrowRight');
    return false;
  }, 'the day on which most was said');
  await page.keyboard.press('Enter');
  expect(await countEvents()).toBe(60);
  expect(await desk.barriersInBoth()).toEqual([]);
  await shut();
  expect(await page.getByRole('slider').evaluate((one) => one === document.activeElement)).toBe(true);

  const rows = (await openTable()).locator('tbody tr');
  const box = (await page.locator('canvas').boundingBox())!;
  await page.mouse.click(box.x + box.width * 0.66, box.y + box.height / 2);
  const day = await drawer().locator('.heading p').innerText();
  const row = rows.filter({ hasText: day });
  expect(await countEvents(), day).toBe(number(await row.locator('td').first().innerText()));
  await shut();

  const ninth = rows.filter({ hasText: /./ }).nth(28 - 1 - 9);
  await ninth.getByRole('button').click();
  expect(await countEvents()).toBe(5);
  expect(await drawer().getByText('Ben Okafor').count()).toBe(1);
  // What was said is nowhere, and that somebody looked is in the audit log.
  expect(await drawer().innerText()).not.toContain('between us');
  const opened = await world.db.rows(
    `select from audit_entries where action = 'dashboards.events-opened' and actor_name = 'Olga Owner'`,
  );
  expect(opened.length).toBeGreaterThanOrEqual(4);
});

test('the definition says what a number means, in which version, how it was computed, how fresh and how costly it is', async () => {
  const page = await enter();
  // The parameters of a large company are long: nobody is sent them who did not ask.
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.postData() ?? ''));
  await page.reload();
  await page.getByRole('table', { name: 'By department' }).waitFor();
  expect(asked.filter((body) => /\bmetric(Breakdown)?\(/.test(body)).length).toBeGreaterThan(1);
  expect(asked.filter((body) => body.includes('params'))).toEqual([]);
  await page.getByRole('button', { name: 'Definition' }).first().click();
  await drawer().getByText('"timeZone"').waitFor();
  const text = await drawer().innerText();
  for (const part of ['Messages stored, in direct conversations', 'Version 1', 'Newest event taken over', 'rows read'])
    expect(text).toContain(part);
  expect(text).toMatch(
    /select toString\(toDate\(hour, \{timeZone:String\}\)\) as bucket, sum\(messages\) as value\s+from activity/,
  );
  expect(text).toContain(`"timeZone": "${timeZone}"`);
  expect(await desk.barriersInBoth()).toEqual([]);
  await shut();
  await page.getByRole('button', { name: 'Definition' }).nth(1).click();
  await drawer().getByText('transform(department').waitFor();
});

test('a number is taken apart; a bar narrows the page and opens its events, and the address holds what was chosen', async () => {
  const page = await enter();
  const bars = page.getByRole('table', { name: 'By department' });
  const bar = (name: string) => bars.getByRole('row').filter({ hasText: name });
  const value = async (name: string) => number(await bar(name).locator('td').first().innerText());
  await bar('Engineering').waitFor();
  const whole = number(await tile('messages.sent').locator('.value').innerText());
  const [engineering, sales, none] = [
    await value('Engineering'),
    await value('Sales'),
    await value('In no department'),
  ];
  expect([engineering, sales, none]).toEqual([69, 4, 2]);
  expect(engineering + sales + none).toBe(whole);
  await bar('In no department')
    .getByRole('button', { name: /^Open the events/ })
    .click();
  expect(await countEvents()).toBe(none);
  await shut();
  await bar('Engineering').getByRole('button', { name: 'Engineering', exact: true }).click();
  await page.waitForURL(`**/activity?department=${departments['Engineering']}`);
  await bar('Platform').waitFor();
  await until(
    async () => number(await tile('messages.sent').locator('.value').innerText()) === engineering,
    'the tile',
  );
  await bar('Platform')
    .getByRole('button', { name: /^Open the events/ })
    .click();
  expect(await countEvents()).toBe(engineering);
  await shut();
  const kinds = page.getByRole('table', { name: 'By kind of conversation' });
  await kinds.getByRole('button', { name: 'Channels', exact: true }).click();
  await until(async () => number(await tile('messages.sent').locator('.value').innerText()) === 9, 'channels alone');
  // A link shows what its sender saw.
  await page.reload();
  await until(async () => number(await tile('messages.sent').locator('.value').innerText()) === 9, 'the same again');
  await page.getByRole('button', { name: 'Clear all filters' }).click();
  await until(async () => number(await tile('messages.sent').locator('.value').innerText()) === whole, 'everything');
  expect(new URL(page.url()).search).toBe('');
});

test('an analyst narrows by department with the bars alone, and comes back by the way above them', async () => {
  const page = await enter('Priya Raman');
  const bars = page.getByRole('table', { name: 'By department' });
  await bars.getByRole('button', { name: 'Engineering', exact: true }).click();
  await bars.getByRole('button', { name: 'Platform', exact: true }).click();
  await page.getByText('Directly in Platform').first().waitFor();
  const way = page.getByRole('navigation', { name: 'Department' });
  await way.getByRole('button', { name: 'Engineering' }).click();
  await bars.getByRole('button', { name: 'Platform', exact: true }).waitFor();
  await way.getByRole('button', { name: 'Whole organisation' }).click();
  await bars.getByRole('button', { name: 'Sales', exact: true }).waitFor();
  expect(new URL(page.url()).search).toBe('');
});

test('a change against next to nothing is told with its base, days to come are a gap, and addresses nobody wrote are read as far as they go', async () => {
  const page = await enter();
  // Two messages before, 75 since: a percentage would only be loud.
  await tile('messages.sent').getByText('+73 against 2 in', { exact: false }).waitFor();
  const [today, later] = [0, 3].map((days) =>
    new Date(Date.now() - hoursBehind * hourMs + days * dayMs).toISOString().slice(0, 10),
  );
  await desk.open(`/activity?from=${today}&until=${later}&kinds=nonsense&bots=all&scope=everywhere`);
  const rows = (await openTable()).locator('tbody tr');
  expect(await rows.last().locator('td').first().innerText()).toBe('–');
  expect(await rows.last().getByRole('button').count()).toBe(0);
  await desk.open('/activity?from=1980-01-01&until=1980-01-07');
  await page.getByText('Nobody wrote anything in these days').first().waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await desk.open(`/activity?department=${newId()}`);
  await page.getByRole('alert').first().waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
});

test.each([
  { language: 'en', viewport: { width: 1440, height: 900 } },
  { language: 'zh-CN', viewport: { width: 390, height: 844 } },
] as const)(
  'the page has no barrier and fits its window, with its table and all its choices open: $language',
  async (look) => {
    const page = await enter('Olga Owner', '/activity?metric=people.active&from=2026-01-01&until=2026-01-31', look);
    await page.locator('#breakdown').waitFor();
    await page.locator('summary').click();
    expect(await desk.barriersInBoth()).toEqual([]);
    expect(await page.locator('article.page').evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(false);
  },
);
