import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/**
 * What must be the same after keys of an input method: the place, what is open, the field and its words, and that
 * nothing was submitted or heard.
 */
const standing = (field: Locator) =>
  field.evaluate((element: HTMLInputElement | HTMLTextAreaElement) => ({
    address: location.href,
    open: document.querySelectorAll('[role="dialog"], [role="listbox"]:not([hidden]), form').length,
    said: document.querySelectorAll('main article .body').length,
    focused: element === document.activeElement,
    words: element.value,
    happened: (globalThis as unknown as { happened?: string[] }).happened?.join(' ') ?? '',
  }));

/** Lists that look for the words in the field have had their answer when nothing changes any more. */
async function settled(page: Page, field: Locator): ReturnType<typeof standing> {
  let last = await standing(field);
  for (let same = 0; same < 4;) {
    await page.waitForTimeout(150);
    const now = await standing(field);
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/**
 * Composes in the focused field as input methods do, in both orders: keys while a word is composed, the Enter that
 * ends it in Safari's order (code 229 after the composition), and the key let go. Throws if the page did anything.
 */
export async function compose(page: Page, field: Locator, words: string): Promise<void> {
  await field.fill(words);
  await field.focus();
  await field.evaluate(() => {
    const page = globalThis as unknown as { happened?: string[] };
    if (page.happened) return;
    page.happened = [];
    for (const type of ['submit', 'keydown', 'keypress', 'keyup'])
      document.addEventListener(type, () => page.happened!.push(type), true);
  });
  const before = await settled(page, field);
  expect(before.focused).toBe(true);
  for (const key of ['ArrowDown', 'ArrowUp', 'Tab', 'Escape', 'Enter'])
    for (const how of [{ isComposing: true }, { keyCode: 229 }])
      await field.evaluate(
        (element, [pressed, init]) => {
          const event = (type: string, more: object) =>
            element.dispatchEvent(
              new KeyboardEvent(type, { key: pressed, code: pressed, bubbles: true, cancelable: true, ...more }),
            );
          event('keydown', init);
          // Browsers report the end of the composition first: this one does not say that it belonged to it.
          event('keyup', {});
        },
        [key, how] as const,
      );
  await safariEnter(page);
  expect(await settled(page, field)).toEqual(before);
}

/** A real Enter, with all that the browser does by itself, under the code that Safari gives it after a composition. */
async function safariEnter(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 };
  await session.send('Input.dispatchKeyEvent', { type: 'keyDown', text: '\r', unmodifiedText: '\r', ...enter });
  await session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter, windowsVirtualKeyCode: 13 });
  await session.detach();
}
