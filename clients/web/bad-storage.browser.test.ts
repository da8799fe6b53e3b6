import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newId } from '../../server/kernel/ids.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { openBrowser, openWindow, type Window } from './testing/windows.ts';

/*
 * The chat in a browser that keeps nothing, loses what it kept, or runs an older page: words stay, and the page says what
 * will not last.
 */

let world: World;
let browser: Browser;
let ben: TestClient;
let general: string;
let lobby: string;
const open: Window[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld({ env: { PARLEY_ORIGINS: 'http://chat.lan' } }), openBrowser()]);
  ben = await world.device('Ben');
  const ada = await world.person('Ada', { roles: ['owner', 'member'] });
  const channel = async (name: string) => {
    const input = { clientId: newId(), kind: 'channel', name, visibility: 'public' } as const;
    return (await ben.call('conversation:create', { ...input, memberIds: [ada.id] })).conversation.id;
  };
  [general, lobby] = [await channel('general'), await channel('lobby')];
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function arrive(init?: () => void): Promise<Window> {
  const window = await openWindow(browser, world.origin, { breakable: true });
  open.push(window);
  if (init) await window.page.context().addInitScript(init);
  await window.signIn(await world.person('Ada'));
  await window.page.goto(`/c/${general}`);
  await field(window.page).waitFor();
  return window;
}
const field = (page: Page) => page.locator('main [data-composer]');
async function go(page: Page, name: string, id: string): Promise<void> {
  await page.locator('nav a', { hasText: name }).click();
  await page.waitForURL(`**/c/${id}`);
  await field(page).waitFor();
}
const said = (page: Page, text: string) => page.locator('main article .body', { hasText: text });
const sentence = (page: Page, text: string) => page.locator('nav').getByText(text);
const asksBeforeLeaving = (page: Page) =>
  page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
const keptSends = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const asked = indexedDB.open('parley');
        asked.onerror = () => reject(asked.error!);
        asked.onsuccess = () => {
          const keys = asked.result.transaction('kept').objectStore('kept').getAllKeys();
          keys.onsuccess = () => {
            asked.result.close();
            resolve(keys.result.filter((key) => typeof key === 'string' && key.startsWith('pending/')).length);
          };
        };
      }),
  );
async function stored(mark: string): Promise<string[]> {
  const page = await ben.call('history:page', { conversationId: general });
  return 'messages' in page ? page.messages.map(({ body }) => body).filter((body) => body.includes(mark)) : [];
}
/** The next attempt would come by itself, within half a minute. */
const reconnect = (page: Page) => page.evaluate(() => void dispatchEvent(new Event('online')));
async function write(page: Page, words: string): Promise<void> {
  await field(page).fill(words);
  await field(page).press('Enter');
}

const sends = 'Messages that have not been sent yet will be lost';
const drafts = 'Drafts and settings will be lost';
const both = 'Unsent messages, drafts and settings will be lost';

/** Each way a browser refuses, and the sentence that says what will not last; null where all of it lasts. */
const refusals: { name: string; says: string | null; init(): void }[] = [
  {
    name: 'whose put throws for lack of space',
    says: sends,
    init: () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
  },
  {
    name: 'that aborts when it should commit',
    says: sends,
    init: () => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (...input) {
        const request = put.apply(this, input);
        this.transaction.abort();
        return request;
      };
    },
  },
  {
    name: 'that closed the connection',
    says: sends,
    init: () => {
      IDBDatabase.prototype.transaction = () => {
        throw new DOMException('The database connection is closing.', 'InvalidStateError');
      };
    },
  },
  {
    name: 'whose transactions never end',
    says: sends,
    init: () => Object.defineProperty(IDBTransaction.prototype, 'oncomplete', { set() {} }),
  },
  {
    name: 'that deletes nothing',
    says: sends,
    init: () => {
      IDBObjectStore.prototype.delete = () => {
        throw new DOMException('no', 'UnknownError');
      };
    },
  },
  {
    name: 'without IndexedDB',
    says: sends,
    init: () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }),
  },
  {
    name: 'that forbids IndexedDB',
    says: sends,
    init: () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      };
    },
  },
  {
    name: 'whose IndexedDB never opens',
    says: sends,
    init: () => {
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    },
  },
  {
    name: 'that forbids local storage',
    says: drafts,
    init: () =>
      Object.defineProperty(globalThis, 'localStorage', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      }),
  },
  {
    name: 'that forbids all storage',
    says: both,
    init: () => {
      const refuse = {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      };
      for (const store of ['indexedDB', 'localStorage', 'sessionStorage', 'caches'])
        Object.defineProperty(globalThis, store, refuse);
    },
  },
  {
    name: 'without channels and locks',
    says: null,
    init: () => {
      Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined });
      Object.defineProperty(navigator, 'locks', { value: undefined });
      Object.defineProperty(navigator, 'storage', { value: undefined });
    },
  },
  {
    name: 'that denies locks',
    says: null,
    init: () => {
      LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
      LockManager.prototype.query = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    },
  },
];

test.each(refusals)('a browser $name loses no words', async ({ name, says, init }) => {
  const window = await arrive(init);
  const { page } = window;
  await write(page, `one ${name}`);
  await until(async () => (await stored(name)).length === 1, 'the first message to be stored');
  await said(page, `one ${name}`).waitFor();
  await page
    .locator('article', { hasText: `one ${name}` })
    .getByTitle('Sent', { exact: true })
    .waitFor();
  await window.cut();
  await write(page, `two ${name}`);
  await write(page, `three ${name}`);
  await said(page, `three ${name}`).waitFor();
  if (says) await sentence(page, says).waitFor();
  const keepsSends = says === null || says === drafts || name === 'that deletes nothing';
  await until(async () => (await asksBeforeLeaving(page)) !== keepsSends, 'the page to know what it would lose');
  await field(page).fill('a draft');
  window.mend();
  await reconnect(page);
  await until(async () => (await stored(name)).length === 3, 'all to be stored', 90_000);
  expect(await stored(name)).toEqual([`one ${name}`, `two ${name}`, `three ${name}`]);
  expect(await field(page).inputValue()).toBe('a draft');
  expect(await page.locator('nav .storage').count()).toBe(says === null ? 0 : 1);
  await field(page).fill('');
});

test('a store that works again holds what waits, and the sentence goes away', async () => {
  const window = await arrive();
  const { page } = window;
  await window.cut();
  await page.evaluate(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    Object.assign(globalThis, { mend: () => (IDBObjectStore.prototype.put = put) });
  });
  await write(page, 'kept in the end');
  await sentence(page, sends).waitFor();
  expect(await asksBeforeLeaving(page)).toBe(true);
  await page.evaluate(() => (globalThis as unknown as { mend(): void }).mend());
  await sentence(page, sends).waitFor({ state: 'detached' });
  await until(async () => !(await asksBeforeLeaving(page)), 'the page to be free to go');
  expect(await keptSends(page)).toBe(1);
  await page.reload();
  window.mend();
  await reconnect(page);
  await until(async () => (await stored('kept in the end')).length === 1, 'the message to be stored');
});

test('a database deleted under the page is filled again with what waits', async () => {
  const window = await arrive();
  const { page } = window;
  await window.cut();
  await write(page, 'deleted under us');
  await until(async () => (await keptSends(page)) === 1, 'the send to be kept');
  await page.evaluate(
    () => new Promise((resolve) => (indexedDB.deleteDatabase('parley').onsuccess = () => resolve(null))),
  );
  await until(async () => (await keptSends(page).catch(() => 0)) === 1, 'the send to be kept again');
  await page.reload();
  window.mend();
  await reconnect(page);
  await until(async () => (await stored('deleted under us')).length === 1, 'the message to be stored');
});

test('beside a newer page’s database this page goes on, and offers to load the new one', async () => {
  const window = await arrive();
  const { page } = window;
  const raise = () =>
    page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const asked = indexedDB.open('parley', 2);
          asked.onsuccess = () => resolve(asked.result.close());
          asked.onerror = asked.onblocked = reject;
        }),
    );
  await raise();
  await page.getByText('A new version of Parley is available.').waitFor();
  await write(page, 'written in the old page');
  await until(async () => (await stored('written in the old page')).length === 1, 'the message to be stored');
  await sentence(page, sends).waitFor();
  // An old page that starts on the newer database works, too.
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByText('A new version of Parley is available.').waitFor();
  await write(page, 'written after the reload');
  await until(async () => (await stored('written after the reload')).length === 1, 'the message to be stored');
});

test('a part gone after an update offers the new version and keeps the draft', async () => {
  const { page } = await arrive();
  await field(page).fill('a draft in hand');
  await page.route('**/assets/AccountPage*', (route) => route.fulfill({ status: 404 }));
  await page.route(`${world.origin}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/assets/new.js"></script>' }),
  );
  await page.locator('nav header button').first().click();
  await page.getByRole('menuitem', { name: /account/i }).click();
  await page.getByText('A new version of Parley is available.').waitFor();
  expect(await field(page).inputValue()).toBe('a draft in hand');
  await page.unroute('**/assets/AccountPage*');
  await page.getByRole('button', { name: 'Reload' }).click();
  await until(
    async () =>
      (await field(page)
        .inputValue()
        .catch(() => '')) === 'a draft in hand',
    'the draft',
  );
  await field(page).fill('');
});

test('a part of the page that the line lost says so, and loads when asked again', async () => {
  const { page } = await arrive();
  await page.route('**/assets/AccountPage*', (route) => route.abort());
  const account = async () => {
    await page.locator('nav header button').first().click();
    await page.getByRole('menuitem', { name: /account/i }).click();
  };
  await account();
  await page.getByText('A part of this page could not be loaded.').waitFor();
  await page.unroute('**/assets/AccountPage*');
  await account();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.getByText('A new version').count()).toBe(0);
});

test('a page in Chinese whose words are gone is readable, and says that it is old', async () => {
  const window = await openWindow(browser, world.origin, { language: 'zh-CN' });
  open.push(window);
  await window.page.route('**/assets/chinese*', (route) => route.fulfill({ status: 404 }));
  await window.page.route(`${world.origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: '<p></p>' }));
  await window.page.goto('/sign-in');
  await window.page.locator('#email').waitFor();
  await window.page.getByText('A new version of Parley is available.').waitFor();
});

test('two tabs share drafts, send each message once, and end together', async () => {
  const window = await arrive();
  const first = window.page;
  const second = await first.context().newPage();
  await second.goto(`/c/${general}`);
  await field(second).waitFor();
  await field(first).pressSequentially('begun in the first');
  await until(async () => (await field(second).inputValue()) === 'begun in the first', 'the draft to be shared');
  await field(second).pressSequentially(', ended in the second');
  await until(async () => (await field(first).inputValue()).endsWith('ended in the second'), 'the draft to come back');
  await field(second).press('Enter');
  await until(async () => (await field(first).inputValue()) === '', 'the field to be empty in both');
  await window.cut();
  await write(first, 'left behind');
  await said(first, 'left behind').waitFor();
  await until(async () => (await keptSends(first)) === 1, 'the send to be kept');
  await second.reload();
  await field(second).waitFor();
  await said(second, 'ended in the second').waitFor();
  expect(await said(second, 'left behind').count()).toBe(0);
  const third = await first.context().newPage();
  await third.goto(`/c/${general}`);
  await field(third).waitFor();
  await first.close();
  await said(second, 'left behind').waitFor();
  expect(await stored('left behind')).toEqual(['left behind']);
  await third.locator('nav header button').first().click();
  await third.getByRole('menuitem', { name: 'Sign out' }).click();
  await second.getByText('Your session on this device has ended. Please sign in again.').waitFor();
  await third.waitForURL('**/sign-in');
});

test('changed words of a message under edit are not left without a question', async () => {
  const { page } = await arrive();
  await write(page, 'to be edited');
  await page.locator('article', { hasText: 'to be edited' }).getByTitle('Sent', { exact: true }).waitFor();
  await field(page).press('ArrowUp');
  await page.getByText('Editing a message').waitFor();
  expect(await asksBeforeLeaving(page)).toBe(false);
  await field(page).pressSequentially(' and changed');
  expect(await asksBeforeLeaving(page)).toBe(true);
  await field(page).press('Escape');
  expect(await asksBeforeLeaving(page)).toBe(false);
});

test('a browser that forbids all storage loses nothing in a thread and under edit', async () => {
  const window = await arrive(refusals.find(({ name }) => name === 'that forbids all storage')!.init);
  const { page } = window;
  await write(page, 'a root');
  const root = page.locator('main article', { hasText: 'a root' });
  await root.getByTitle('Sent', { exact: true }).waitFor();
  await root.hover();
  await root.getByRole('button', { name: 'Reply in thread' }).click();
  const answer = page.locator('aside [data-composer]');
  await answer.waitFor();
  await window.cut();
  await answer.fill('an answer');
  await answer.press('Enter');
  await page.locator('aside article .body', { hasText: 'an answer' }).waitFor();
  await answer.fill('an answer begun');
  await field(page).press('ArrowUp');
  await page.getByText('Editing a message').waitFor();
  await write(page, 'a root, mended');
  await page.getByText('The server is not ready right now.').waitFor();
  expect(await field(page).inputValue()).toBe('a root, mended');
  window.mend();
  await reconnect(page);
  await until(async () => {
    const found = await ben.call('history:page', { conversationId: general });
    const thread = 'messages' in found && found.messages.find(({ body }) => body.startsWith('a root'));
    if (!thread) return false;
    const answers = await ben.call('history:page', { conversationId: general, threadId: thread.id });
    return 'messages' in answers && answers.messages.some(({ body }) => body === 'an answer');
  }, 'the answer to be stored');
  await field(page).press('Enter');
  await until(async () => (await stored('a root, mended')).length === 1, 'the edit to be stored');
  await until(async () => (await field(page).inputValue()) === '', 'the edit to end');
  expect(await answer.inputValue()).toBe('an answer begun');
});

test('changed words under edit are in hand again after another edit and conversation', async () => {
  const { page } = await arrive();
  await write(page, 'edited first');
  await write(page, 'edited second');
  const edit = async (text: string) => {
    const message = page.locator('main article', { hasText: text });
    await message.getByTitle('Sent', { exact: true }).waitFor();
    await message.hover();
    await message.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByText('Editing a message').waitFor();
  };
  await edit('edited second');
  await field(page).pressSequentially(', changed');
  await edit('edited first');
  await until(async () => (await field(page).inputValue()) === 'edited first', 'the words of the first');
  await field(page).pressSequentially(', changed');
  await go(page, 'lobby', lobby);
  await go(page, 'general', general);
  await edit('edited first');
  expect(await field(page).inputValue()).toBe('edited first, changed');
  await field(page).press('Escape');
  await edit('edited second');
  expect(await field(page).inputValue()).toBe('edited second, changed');
  await field(page).press('Enter');
  await until(async () => (await stored('edited second, changed')).length === 1, 'the edit to be stored');
  await until(async () => !(await asksBeforeLeaving(page)), 'nothing to be unsaved');
  await edit('edited first');
  expect(await field(page).inputValue()).toBe('edited first');
  await field(page).pressSequentially(', given up');
  // Signing out is not held up by a question.
  const questions: string[] = [];
  page.on('dialog', (dialog) => {
    questions.push(dialog.type());
    void dialog.accept();
  });
  await page.locator('nav header button').first().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  expect(questions).toEqual([]);
});

test('words written while an edit is being saved stay in hand', async () => {
  const { page } = await arrive();
  await write(page, 'saved slowly');
  await page.locator('article', { hasText: 'saved slowly' }).getByTitle('Sent', { exact: true }).waitFor();
  await field(page).press('ArrowUp');
  await page.getByText('Editing a message').waitFor();
  await field(page).pressSequentially(' now');
  // In one task, so that no answer comes in between.
  await field(page).evaluate((found) => {
    const input = found as HTMLTextAreaElement;
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    input.value += ' and later';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await until(async () => (await stored('saved slowly now')).length === 1, 'the edit to be stored');
  await said(page, 'saved slowly now').waitFor();
  expect(await field(page).inputValue()).toBe('saved slowly now and later');
  expect(await asksBeforeLeaving(page)).toBe(true);
  await field(page).press('Escape');
});

test('a draft too long for a full store is kept as soon as there is space', async () => {
  const { page } = await arrive();
  await page.evaluate(() => {
    const setItem = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (value.length > 1_000) throw new DOMException('full', 'QuotaExceededError');
      setItem.call(this, key, value);
    };
    Object.assign(globalThis, { mend: () => (Storage.prototype.setItem = setItem) });
  });
  const keptDrafts = () =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('parley:draft:')).length);
  await field(page).fill('long words '.repeat(200));
  await sentence(page, drafts).waitFor();
  expect([await keptDrafts(), await asksBeforeLeaving(page)]).toEqual([0, true]);
  await go(page, 'lobby', lobby);
  // The store takes a short one, and still not the long one: the sentence stays true.
  await field(page).fill('short');
  expect([await keptDrafts(), await asksBeforeLeaving(page)]).toEqual([1, true]);
  await sentence(page, drafts).waitFor();
  await page.evaluate(() => (globalThis as unknown as { mend(): void }).mend());
  await field(page).fill('short again');
  await sentence(page, drafts).waitFor({ state: 'detached' });
  expect([await keptDrafts(), await asksBeforeLeaving(page)]).toEqual([2, false]);
});

test('a local store emptied by another page is given the drafts again', async () => {
  const { page } = await arrive();
  await field(page).fill('a draft to keep');
  const other = await page.context().newPage();
  await other.goto('/sign-in');
  await other.evaluate(() => localStorage.clear());
  const keptDraft = () =>
    other.evaluate(() => Object.values<string>(localStorage).some((text) => text.includes('a draft to keep')));
  await until(keptDraft, 'the draft to be kept again');
  await field(page).fill('');
});

test('a browser that refuses to copy says so', async () => {
  const { page } = await arrive(() => {
    Clipboard.prototype.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
    Document.prototype.execCommand = () => false;
  });
  await write(page, 'not to be copied');
  const message = page.locator('article', { hasText: 'not to be copied' });
  await message.getByTitle('Sent', { exact: true }).waitFor();
  await message.hover();
  await message.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Copy text' }).click();
  await page.getByText('The browser did not allow copying.').waitFor();
});

test('a page that comes back from the back/forward cache connects anew', async () => {
  const { page } = await arrive();
  const connected = page.waitForEvent('websocket');
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await connected;
  await write(page, 'back again');
  await until(async () => (await stored('back again')).length === 1, 'the message to be stored');
});

test('a browser that blocks cookies says so before signing in, in chat and console', async () => {
  const window = await openWindow(browser, world.origin);
  open.push(window);
  await window.page.addInitScript(() => Object.defineProperty(navigator, 'cookieEnabled', { value: false }));
  for (const path of ['/sign-in', '/admin/sign-in']) {
    await window.page.goto(path);
    await window.page.getByText('This browser blocks cookies for 127.0.0.1').waitFor();
  }
});

test('signing in asks the browser once to keep what this page stores', async () => {
  const window = await openWindow(browser, world.origin);
  open.push(window);
  await window.page.addInitScript(() => {
    StorageManager.prototype.persist = () => {
      (globalThis as { asked?: number }).asked = ((globalThis as { asked?: number }).asked ?? 0) + 1;
      return Promise.reject(new Error('no'));
    };
  });
  const asked = () => window.page.evaluate(() => (globalThis as { asked?: number }).asked ?? 0);
  await window.signIn(await world.person('Ada'));
  expect(await asked()).toBe(1);
  await window.page.reload();
  await window.page.locator('nav[data-region]').waitFor({ state: 'attached' });
  expect(await asked()).toBe(0);
});

test('over plain http a conversation is begun, a text copied, and the console opens', async () => {
  const outside = await chromium.launch({
    executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP chat.lan 127.0.0.1'],
  });
  try {
    const window = await openWindow(outside, world.origin.replace('127.0.0.1', 'chat.lan'));
    const { page } = window;
    await window.signIn(await world.person('Ada'));
    await page.goto(`/c/${general}`);
    await write(page, 'over plain http');
    const message = page.locator('article', { hasText: 'over plain http' });
    await message.getByTitle('Sent', { exact: true }).waitFor();
    await message.hover();
    await message.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Copy text' }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    await page.locator('nav header button').last().click();
    await page.getByRole('dialog').waitFor();
    await page.goto('/admin/people');
    await page.getByText('Ada').first().waitFor();
    await window.close();
  } finally {
    await outside.close();
  }
});
