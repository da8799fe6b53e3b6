import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What in a source would hear a key before the guard, or decide about compositions beside it. */
const around: [pattern: RegExp, why: string][] = [
  [
    /\bisComposing\b|\b229\b|compositionend/,
    'asks about a composition by itself; guardComposition keeps such keys away',
  ],
  [
    /addEventListener\(\s*['"`]key(?:down|up|press)['"`](?:[^;]*?)(?:,\s*true\b|capture)/,
    'listens in the capture phase',
  ],
  [/\bon(?:keydown|keyup|keypress)\s*=/, 'sets a handler beside the listeners'],
  [/useEventListener\([^;]*['"`]key(?:down|up|press)['"`]/, 'hears keys through a library, in a phase not seen here'],
  [/addEventListener\(\s*(?!['"`])\w/, 'listens to an event not named here'],
];
const wrongsOf = (source: string) => around.filter(([pattern]) => pattern.test(source)).map(([, why]) => why);

async function sources(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ['clients/look', 'clients/web/src', 'admin-ui/src'])
    for await (const file of glob(`${folder}/**/*.{ts,vue}`, { cwd: root })) files.push(file);
  return files.filter((file) => !/node_modules|\.test\.ts$|look\/composing\.ts$|src\/graphql\//.test(file));
}
/** Looked at: they listen to a list of events in the bubbling phase, and act on no key. */
const named = new Set(['clients/look/focus.ts', 'clients/web/src/people/useAttention.ts']);

test('every key of both interfaces is heard by the guard before any handler', async () => {
  const files = await sources();
  expect(files.length).toBeGreaterThan(200);
  const wrongs = files.flatMap((file) =>
    wrongsOf(readFileSync(path.join(root, file), 'utf8'))
      .filter((why) => !(named.has(file) && why.includes('not named here')))
      .map((why) => `${file}: ${why}`),
  );
  expect(wrongs).toEqual([]);
});

test.each(['clients/web/src/main.ts', 'admin-ui/src/main.ts'])('%s sets up the guard before it mounts', (file) => {
  const source = readFileSync(path.join(root, file), 'utf8');
  const guard = source.indexOf('\nguardComposition();');
  expect(guard).toBeGreaterThan(0);
  expect(guard).toBeLessThan(source.indexOf('createApp('));
});

test.each([
  `if (event.isComposing) return;`,
  `if (event.keyCode === 229) return;`,
  `window.addEventListener('keydown', onKey, true);`,
  `document.addEventListener('keyup', onKey, { capture: true });`,
  `field.onkeydown = (event) => send(event);`,
  `useEventListener(window, 'keydown', onKey, true);`,
  `window.addEventListener(type, onKey);`,
])('the search finds %s', (source) => {
  expect(wrongsOf(source)).not.toEqual([]);
});
