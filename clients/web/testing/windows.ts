import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page, type WebSocketRoute } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Person = { email: string; password: string };

/** One window on the chat. */
export type Window = {
  page: Page;
  signIn(person: Person): Promise<void>;
  /** What axe finds against WCAG 2.0 to 2.2, A and AA, one line a finding. */
  barriers(): Promise<string[]>;
  /** Cuts the socket, and keeps it cut until `mend`. Only for windows opened with `breakable`. */
  cut(): Promise<void>;
  mend(): void;
  /**
   * Closes the window, and throws if it ever did what no window may: breach the Content-Security-Policy, ask anybody but our own
   * server for anything, or leave an error uncaught.
   */
  close(): Promise<void>;
};

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

type Options = BrowserContextOptions & { breakable?: boolean; language?: 'en' | 'zh-CN' };

/** Opens a window of its own profile; nobody is signed in. */
export async function openWindow(
  browser: Browser,
  origin: string,
  { breakable = false, language = 'en', ...options }: Options = {},
): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: language,
    reducedMotion: 'reduce',
    baseURL: origin,
    ...options,
  });
  const page = await context.newPage();
  const breaches: string[] = [];
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on(
    'console',
    (message) => void (/Content.Security.Policy/i.test(message.text()) && breaches.push(message.text())),
  );
  page.on('pageerror', (error) => errors.push(`${error.message}\n${error.stack ?? ''}`));
  page.on('request', (request) => void (isForeign(request.url(), origin) && foreign.push(request.url())));
  page.on(
    'websocket',
    (socket) => void (isForeign(socket.url().replace(/^ws/, 'http'), origin) && foreign.push(socket.url())),
  );
  const line = breakable ? await breakableLine(page) : { cut: async () => {}, mend: () => {} };
  return {
    page,
    ...line,
    async signIn(person) {
      if (!/\/sign-in/.test(page.url())) await page.goto('/sign-in');
      await page.locator('#email').fill(person.email);
      await page.locator('#password').fill(person.password);
      await page.locator('button[type=submit]').click();
      await page.locator('nav[data-region]').waitFor({ state: 'attached' });
    },
    async barriers() {
      await page.evaluate(axe);
      return page.evaluate(async () => {
        type Finding = { id: string; nodes: { target: string[]; failureSummary: string }[] };
        const tool = (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Finding[] }> } })
          .axe;
        const { violations } = await tool.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
        return violations.flatMap(({ id, nodes }) =>
          nodes.map((node) => `${id}: ${node.target.join(' ')} — ${node.failureSummary}`),
        );
      });
    },
    async close() {
      await context.close();
      const wrongs = { breaches, foreign, errors };
      for (const [kind, found] of Object.entries(wrongs)) {
        if (found.length > 0) throw new Error(`${kind}: ${found.join('\n')}`);
      }
    },
  };
}

const isForeign = (url: string, origin: string) => !url.startsWith(origin) && !/^(data|blob|about):/.test(url);

async function breakableLine(page: Page) {
  const open = new Set<WebSocketRoute>();
  let broken = false;
  await page.routeWebSocket(/\/socket\.io\//, (socket) => {
    if (broken) return void socket.close();
    const server = socket.connectToServer();
    open.add(socket);
    socket.onClose(() => {
      open.delete(socket);
      void server.close();
    });
  });
  return {
    async cut() {
      // There is no line to cut while the page is still arriving.
      while (open.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      broken = true;
      for (const socket of [...open]) await socket.close();
      open.clear();
    },
    mend() {
      broken = false;
    },
  };
}
