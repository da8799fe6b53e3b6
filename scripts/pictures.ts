/**
 * npm run docs:pictures -- ORIGIN EMAIL PASSWORD
 *
 * Takes the pictures of the README from a running evaluation: the chat in both languages and both themes. Needs Chromium (PARLEY_CHROMIUM or /usr/bin/chromium).
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [origin, email, password] = process.argv.slice(2) as [string, string, string];
const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--disable-gpu', '--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
});
const pictures = [
  { name: 'chat-en-light', locale: 'en-GB', colorScheme: 'light', open: 'launch-4-2' },
  { name: 'chat-en-dark', locale: 'en-GB', colorScheme: 'dark', open: 'engineering' },
  { name: 'chat-zh-light', locale: 'zh-CN', colorScheme: 'light', open: '华东客户' },
  { name: 'chat-zh-dark', locale: 'zh-CN', colorScheme: 'dark', open: '华东客户' },
] as const;
for (const { name, locale, colorScheme, open } of pictures) {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    locale,
    colorScheme,
    timezoneId: 'Europe/Amsterdam',
    reducedMotion: 'reduce',
  });
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  await page.goto(origin);
  await page.fill('input[autocomplete=username], input[name=email]', email);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  await page.getByText(open, { exact: true }).first().click();
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: `${folder}${name}.png` });
  await page.close();
}
await browser.close();
