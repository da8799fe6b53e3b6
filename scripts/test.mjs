// npm test: everything that needs no browser. npm test -- --browser: only what needs one.
// Everything else goes to vitest: npm test -- server/messages -t "a removed member".
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './lib/hand-over.mjs';
import { install } from './lib/install.mjs';
import { buildInterfaces } from './lib/interfaces.mjs';
import { giveUp } from './lib/say.mjs';

const CHROMIUMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const inBrowser = args.includes('--browser');

const env = { ...process.env, PARLEY_BROWSER_TESTS: inBrowser ? '1' : '' };
if (inBrowser) env.PARLEY_CHROMIUM = findChromium();

const node = await install(root);
const failed = await buildInterfaces(root, node);
if (failed.length > 0) giveUp(`Could not be built: ${failed.join(', ')}. What the build said stands above.`);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
handOver(node, [vitest, 'run', ...args.filter((arg) => arg !== '--browser')], { cwd: root, env });

function findChromium() {
  const named = process.env.PARLEY_CHROMIUM;
  if (named && !existsSync(named)) giveUp(`PARLEY_CHROMIUM names ${named}, which does not exist.`);
  const found = named || CHROMIUMS.find((path) => existsSync(path));
  if (found) return found;
  return giveUp(`The browser tests need Chromium, and none was found. Install one:
  Debian, Ubuntu   sudo apt-get install chromium
  Fedora           sudo dnf install chromium
  macOS            brew install --cask chromium
or name yours: PARLEY_CHROMIUM=/path/to/chromium npm run test:browser`);
}
