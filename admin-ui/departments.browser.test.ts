import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator } from 'playwright-core';
import { newId } from '../server/kernel/ids.ts';
import { until } from '../server/testing/client.ts';
import { openWorld, type World } from '../server/testing/world.ts';
import { openBrowser } from '../clients/web/testing/windows.ts';
import { openDesk, tabTo, type Desk } from './testing/desk.ts';

let world: World;
let browser: Browser;
let desk: Desk;
const ids: Record<string, string> = {};

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  await world.person('Olga Owner', { roles: ['owner', 'member'] });
  const long = 'Institut für angewandte Zuverlässigkeitsforschung und Betrieb';
  for (const [name, parent] of [
    ['Engineering'],
    ['Platform', 'Engineering'],
    ['Sales'],
    ['Field', 'Sales'],
    [long, 'Sales'],
  ] as const) {
    ids[name] = newId();
    await world.db.rows('insert into departments (id, name, parent_id) values ($1, $2, $3)', [
      ids[name],
      name,
      parent ? ids[parent] : null,
    ]);
  }
  for (const [name, department] of [
    ['Ada Lindqvist', 'Platform'],
    ['Ben Okafor', 'Field'],
    ['林晓雯', 'Sales'],
  ] as const) {
    const { id } = await world.person(name);
    await world.db.rows('update users set department_id = $2 where id = $1', [id, ids[department]]);
  }
});
afterEach(() => desk.close());
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const enter = async (look = {}) => {
  desk = await openDesk(browser, world.origin, await world.person('Olga Owner'), look);
  await desk.open('/departments');
  return desk.page;
};
const parentOf = async (name: string) =>
  (
    await world.db.rows<{ parent: string | null }>(
      'select p.name as parent from departments d left join departments p on p.id = d.parent_id where d.name = $1',
      [name],
    )
  )[0]?.parent;
const entriesOf = (action: string) =>
  world.db.rows<{ reason: string | null; after: Record<string, unknown> }>(
    'select reason, after from audit_entries where action = $1 order by id',
    [action],
  );

test('a department is moved by keyboard alone: its menu, a place in the tree, the plan, the reason, done', async () => {
  const page = await enter();
  const { keyboard } = page;
  await tabTo(page, page.getByRole('button', { name: 'More about Field' }));
  await keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Move…' }).waitFor();
  for (let step = 0; step < 6; step++) {
    if (await page.getByRole('menuitem', { name: 'Move…' }).evaluate((one) => one === document.activeElement)) break;
    await keyboard.press('ArrowDown');
  }
  await keyboard.press('Enter');
  const choose = page.getByRole('dialog', { name: 'Move Field' });
  await choose.getByRole('option', { name: 'Engineering', exact: true }).waitFor();
  // Neither where it is, nor below itself: those are not offered.
  expect(await choose.getByRole('option', { name: 'Field' }).count()).toBe(0);
  expect(await choose.getByRole('option', { name: 'Sales', exact: true }).count()).toBe(0);
  expect(await desk.barriersInBoth()).toEqual([]);
  const chosen = choose.getByRole('option', { selected: true });
  await until(async () => {
    if ((await chosen.innerText()).trim() === 'Engineering') return true;
    await keyboard.press('ArrowDown');
    return false;
  }, 'the arrow keys to lead to Engineering');
  await keyboard.press('Enter');

  const act = page.getByRole('dialog', { name: 'Move Field to Engineering' });
  await act.getByText('1 department changed').waitFor();
  expect(await act.getByRole('row', { name: /Belongs to/ }).innerText()).toMatch(/Sales\s+Engineering/);
  // Nothing is done by looking.
  expect(await parentOf('Field')).toBe('Sales');
  expect(await desk.barriersInBoth()).toEqual([]);
  await keyboard.type('They build now');
  await tabTo(page, act.getByRole('button', { name: 'Move to Engineering' }));
  await keyboard.press('Enter');
  await page.getByText('Field now belongs to Engineering.').waitFor();
  expect(await parentOf('Field')).toBe('Engineering');
  expect(await entriesOf('department.moved')).toMatchObject([
    { reason: 'They build now', after: { parentId: ids['Engineering'] } },
  ]);
  expect(await desk.barriersInBoth()).toEqual([]);
  await keyboard.press('Enter');
  await act.waitFor({ state: 'detached' });
  // The tree shows it where it is now, with its people.
  const tree = page.locator('article').getByRole('listitem');
  const line = (name: string) => tree.filter({ has: page.getByRole('link', { name }) });
  const lines = () => tree.evaluateAll((all) => all.map((one) => one.innerText.split('\n')[0]));
  await until(async () => String(await lines()).startsWith('Engineering,Field,Platform,Sales'), 'the new place');
  expect(await line('Field').getAttribute('aria-level')).toBe('2');
  expect(await line('Field').getAttribute('aria-posinset')).toBe('1');
  expect(await line('Field').getAttribute('aria-setsize')).toBe('2');
  expect(await line('Engineering').getByText('With all below: 2').count()).toBe(1);
});

test('a department is created, renamed, and deleted with what is in it moved up; each shows its plan first, and is undone where it can be', async () => {
  const page = await enter();
  await page.getByRole('button', { name: 'New department' }).click();
  const ask = page.getByRole('dialog', { name: 'New department' });
  await ask.getByRole('button', { name: 'Review the change' }).click();
  expect(await ask.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
  await ask.getByLabel('Name').fill('Research');
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.keyboard.press('Enter');
  await page.getByText('1 department added').waitFor();
  await page.getByRole('button', { name: 'Create Research' }).click();
  await page.getByText('Research was created.').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Research' }).waitFor();

  const menu = async (name: string, act: string) => {
    await page.getByRole('button', { name: `More about ${name}` }).click();
    await page.getByRole('menuitem', { name: act }).click();
  };
  await menu('Research', 'Rename…');
  await page.getByLabel('New name').fill('Discovery');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Rename to Discovery' }).click();
  await page.getByText('Research is now called Discovery.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Rename to Research' }).click();
  await page.getByText('Discovery is now called Research.').waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();

  await menu('Sales', 'Delete…');
  await page.getByText('Sales has people or departments below it.').waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.getByRole('button', { name: 'Move them to the top of the tree first' }).click();
  await page.getByText('1 department removed').waitFor();
  await page.getByRole('button', { name: 'Delete Sales' }).click();
  await page.getByText('Say why.').waitFor();
  let look = () => {};
  const looked = new Promise<void>((go) => (look = go));
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('query Departments')) await looked;
    await route.continue();
  });
  await page.getByLabel('Reason').fill('Sold');
  await page.getByRole('button', { name: 'Delete Sales' }).click();
  await page.getByText('Sales was deleted.').waitFor();
  expect(await parentOf('Institut für angewandte Zuverlässigkeitsforschung und Betrieb')).toBeNull();
  expect(await entriesOf('department.deleted')).toMatchObject([{ reason: 'Sold' }]);
  const toTheNextLine = () =>
    until(
      () => page.evaluate(() => document.activeElement?.matches('article li') ?? false),
      'the focus to be on the line that took its place',
    );
  // The line it was begun from is still there when the dialog gives the focus back, and gone with the next look at the tree.
  const focused = () => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 400) ?? '');
  await page.keyboard.press('Enter');
  await until(async () => (await focused()).includes('More about Sales'), 'the focus to be given back');
  look();
  await page.getByRole('link', { name: 'Sales' }).waitFor({ state: 'detached' });
  await toTheNextLine();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('article li') !== null)).toBe(true);
  // It may be gone long before the dialog is closed, too: the line that came after it has the focus then.
  await menu('Research', 'Delete…');
  await page.getByText('1 department removed').waitFor();
  await page.getByLabel('Reason').fill('Done');
  await page.getByRole('button', { name: 'Delete Research' }).click();
  await page.getByText('Research was deleted.').waitFor();
  await page.getByRole('link', { name: 'Research' }).waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await toTheNextLine();

  // What means something elsewhere is a name here.
  await page.getByRole('button', { name: 'New department' }).click();
  await page.getByLabel('Name').fill('active');
  await page.keyboard.press('Enter');
  await page.getByText('1 department added').waitFor();
  expect(await page.getByRole('dialog').getByRole('row', { name: /Name/ }).innerText()).toMatch(/Name\s+active$/);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  // Two of one name beside each other are refused in words, before anything was done.
  await page.getByRole('button', { name: 'New department' }).click();
  await page.getByLabel('Name').fill('Engineering');
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog')
    .getByText(/contradicts|named Engineering/)
    .first()
    .waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.keyboard.press('Escape');
});

test.each([
  { language: 'en', viewport: { width: 1440, height: 900 } },
  { language: 'zh-CN', viewport: { width: 390, height: 844 } },
] as const)('the tree has no barrier, fits its window, and is searched from the address: $language', async (look) => {
  const page = await enter(look);
  await page.getByRole('link', { name: 'Engineering' }).waitFor();
  expect(await desk.barriersInBoth()).toEqual([]);
  // The bar above all pages is the shell's business; the page itself must fit.
  expect(await page.locator('article.page').evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(false);
  await desk.open('/departments?q=FIELD');
  await page.getByRole('link', { name: 'Field' }).waitFor();
  expect(await page.getByRole('link', { name: 'Platform' }).count()).toBe(0);
  await page.getByRole('searchbox').fill('nobody is called this');
  await page.getByText(/nobody is called this/).waitFor();
  expect(new URL(page.url()).searchParams.get('q')).toBe('nobody is called this');
  expect(await desk.barriersInBoth()).toEqual([]);
});

test('a tree of thousands is drawn as far as it is in sight; wheel, keys and choosers come to every line of it', async () => {
  const many = 3_000;
  await world.db.rows(
    `with tops as (insert into departments (id, name) select gen_random_uuid(), 'Works ' || lpad(n::text, 2, '0') from generate_series(1, 30) n returning id)
     insert into departments (id, name, parent_id)
     select gen_random_uuid(), 'Workshop ' || lpad(n::text, 4, '0'), (array(select id from tops))[1 + n % 30] from generate_series(1, $1) n`,
    [many],
  );
  const page = await enter();
  const workshop = (n: number) => page.getByRole('link', { name: `Workshop ${String(n).padStart(4, '0')}` });
  const drawn = () =>
    page
      .getByRole('listitem')
      .filter({ has: page.getByRole('link') })
      .count();
  await page.getByRole('link', { name: 'Works 01' }).waitFor();
  expect(await drawn()).toBeLessThan(80);
  const scroller = page.locator('main#content');
  await scroller.evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await until(async () => {
    const last = page
      .getByRole('listitem')
      .filter({ has: page.getByRole('link', { name: /^Workshop/ }) })
      .last();
    return (await last.getAttribute('aria-posinset')) === (await last.getAttribute('aria-setsize'));
  }, 'the end of the tree');
  expect(await drawn()).toBeLessThan(80);

  // All of them fit what is looked for; nothing more is drawn for that, and the Tab key walks on into what was not.
  await page.getByRole('searchbox').fill('workshop');
  await page.getByText(`3,000 of`).waitFor();
  expect(await drawn()).toBeLessThan(80);
  await page.getByRole('searchbox').fill('workshop 1');
  await page.getByText('1,000 of').waitFor();
  await tabTo(page, page.getByRole('button', { name: 'More about Workshop 1020' }));
  for (let step = 0; step < 90; step++) await page.keyboard.press('Tab');
  const here = await page.evaluate(() => {
    const line = document.activeElement!.closest('li')!;
    const { top, bottom } = document.activeElement!.getBoundingClientRect();
    return { at: Number(line.dataset['index']), top, below: innerHeight - bottom };
  });
  expect(here.at).toBeGreaterThan(20);
  expect(Math.min(here.top, here.below), JSON.stringify(here)).toBeGreaterThanOrEqual(0);
  // The line one is on stays, wherever the wheel leads; coming back, one goes on from it.
  await scroller.evaluate((one) => one.scrollTo(0, 0));
  await page.locator('article li[data-index="0"]').waitFor();
  expect(await page.evaluate(() => Number(document.activeElement?.closest('li')?.dataset['index']))).toBe(here.at);

  await page.getByRole('searchbox').fill('workshop 1500');
  await workshop(1500).waitFor();
  await page.getByRole('button', { name: 'More about Workshop 1500' }).click();
  await page.getByRole('menuitem', { name: 'Move…' }).click();
  const choose = page.getByRole('dialog', { name: 'Move Workshop 1500' });
  const active = () => choose.getByRole('option', { selected: true });
  await choose.getByRole('option').first().waitFor();
  await page.keyboard.press('End');
  await until(
    async () =>
      (
        await active()
          .innerText()
          .catch(() => '')
      )
        .trim()
        .startsWith('Workshop'),
    'the last place',
  );
  const box = (one: Locator) => one.evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
  const [list, end] = [await box(choose.getByRole('listbox')), await box(active())];
  expect(end.bottom).toBeLessThanOrEqual(list.bottom + 1);
  expect(end.top).toBeGreaterThanOrEqual(list.top - 1);
  expect(await choose.getByRole('option').count()).toBeLessThan(60);
  expect(await desk.barriersInBoth()).toEqual([]);
  await page.keyboard.press('Escape');

  await desk.open('/people/invite');
  const field = page.getByRole('combobox', { name: 'Department' });
  await field.click();
  await page.keyboard.type('Workshop 2999');
  await page.getByRole('option', { name: 'Workshop 2999' }).click();
  await until(async () => (await page.getByText('Workshop 2999').count()) > 0, 'the department chosen');
});
