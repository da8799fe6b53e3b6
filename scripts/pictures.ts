/**
 * node scripts/run.mjs scripts/pictures.ts ORIGIN EMAIL PASSWORD
 *
 * Takes the pictures of the README from a running evaluation, signed in as its owner: the chat and the console, in both languages and both themes. Needs
 * Chromium (PARLEY_CHROMIUM or /usr/bin/chromium).
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const [origin = '', email = '', password = ''] = process.argv.slice(2);
const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
mkdirSync(folder, { recursive: true });

type Picture = {
  name: string;
  locale: 'en-GB' | 'zh-CN';
  colorScheme: 'light' | 'dark';
  at: string;
  /** What is done on the page before it is taken. */
  pose: (page: Page) => Promise<void>;
};

const talk = (name: string) => (page: Page) => page.getByText(name, { exact: true }).first().click();
const still = async () => undefined;

const pictures: Picture[] = [
  { name: 'chat-en-light', locale: 'en-GB', colorScheme: 'light', at: '/', pose: talk('launch-4-2') },
  { name: 'chat-en-dark', locale: 'en-GB', colorScheme: 'dark', at: '/', pose: talk('engineering') },
  { name: 'chat-zh-light', locale: 'zh-CN', colorScheme: 'light', at: '/', pose: talk('华东客户') },
  { name: 'chat-zh-dark', locale: 'zh-CN', colorScheme: 'dark', at: '/', pose: talk('华东客户') },
  { name: 'console-plan-en-light', locale: 'en-GB', colorScheme: 'light', at: '/admin/people', pose: planToSuspend },
  { name: 'console-people-zh-light', locale: 'zh-CN', colorScheme: 'light', at: '/admin/people', pose: still },
  { name: 'console-activity-en-light', locale: 'en-GB', colorScheme: 'light', at: '/admin/activity', pose: still },
  { name: 'console-events-zh-dark', locale: 'zh-CN', colorScheme: 'dark', at: '/admin/activity', pose: openPoint },
  { name: 'console-audit-en-dark', locale: 'en-GB', colorScheme: 'dark', at: '/admin/audit', pose: still },
];

const browser = await chromium.launch({
  executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--disable-gpu', '--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
});
const windows = new Map<string, Promise<Page>>();
for (const { name, locale, colorScheme, at, pose } of pictures) {
  const key = `${locale} ${colorScheme} ${at.startsWith('/admin')}`;
  const page = await (windows.get(key) ?? signedIn(key, locale, colorScheme, at));
  await page.goto(origin + at);
  await page.waitForTimeout(2_500);
  await pose(page);
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: `${folder}${name}.png` });
}
await browser.close();

/** A window of this language and theme, signed in at the interface of this address. */
function signedIn(key: string, locale: string, colorScheme: 'light' | 'dark', at: string): Promise<Page> {
  const opening = (async () => {
    const page = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      locale,
      colorScheme,
      timezoneId: 'Europe/Amsterdam',
      reducedMotion: 'reduce',
    });
    page.on('pageerror', (error) => console.error(error.message));
    await page.goto(origin + at);
    await page.fill('input[autocomplete=username], input[name=email]', email);
    await page.fill('input[type=password]', password);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(2_500);
    return page;
  })();
  windows.set(key, opening);
  return opening;
}

/** Chooses three people of the list and asks what suspending them would do. Nothing is applied. */
async function planToSuspend(page: Page): Promise<void> {
  for (const row of [1, 3, 4]) await page.locator('tbody tr').nth(row).locator('input[type=checkbox]').check();
  await page
    .getByRole('button', { name: /suspend/i })
    .last()
    .click();
}

/** Opens the events behind the newest whole day of the chart. */
async function openPoint(page: Page): Promise<void> {
  const chart = page.locator('canvas').last();
  const box = (await chart.boundingBox())!;
  await page.mouse.click(box.x + box.width * 0.845, box.y + box.height * 0.85);
}
