import type { Browser, Locator, Page } from 'playwright-core';
import { openWindow, type Person, type Window } from '../../clients/web/testing/windows.ts';

/** One window on the console, somebody signed in. */
export type Desk = {
  page: Page;
  /** Opens a page of the console and waits for its heading. */
  open(path: string): Promise<void>;
  barriers: Window['barriers'];
  /** Looks at what is on the screen in both themes. */
  barriersInBoth(): Promise<string[]>;
  /** Closes the window; throws if it breached the policy, asked anybody foreign, left an error uncaught or wrote one to its console. */
  close(): Promise<void>;
};

type Look = NonNullable<Parameters<typeof openWindow>[2]>;

/** Signs somebody in at the console, in a window of their own. */
export async function openDesk(browser: Browser, origin: string, person: Person, look: Look = {}): Promise<Desk> {
  const window = await openWindow(browser, origin, { timezoneId: 'Europe/Berlin', acceptDownloads: true, ...look });
  const { page } = window;
  const wrongs: string[] = [];
  await page.goto('/admin/');
  await page.locator('#email').fill(person.email);
  await page.locator('#password').fill(person.password);
  await page.locator('button[type=submit]').click();
  await page.locator('h1').first().waitFor();
  await page.locator('#crumbs').waitFor();
  // From here on: that nobody was signed in yet is said in the console by the browser itself.
  page.on('console', (line) => void (line.type() === 'error' && wrongs.push(line.text())));
  return {
    page,
    async open(path) {
      await page.goto(`/admin${path}`);
      await page.locator('h1').first().waitFor();
    },
    barriers: window.barriers,
    async barriersInBoth() {
      const found: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        found.push(...(await window.barriers()).map((barrier) => `${colorScheme}: ${barrier}`));
      }
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      return found;
    },
    async close() {
      await window.close();
      if (wrongs.length > 0) throw new Error(`written to the console: ${wrongs.join('\n')}`);
    },
  };
}

/** Goes to an element as somebody without a mouse does; throws when the Tab key does not lead there. */
export async function tabTo(page: Page, element: Locator, most = 120): Promise<void> {
  await element.waitFor();
  for (let step = 0; step < most; step++) {
    if (await element.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not lead to ${String(element)}`);
}
