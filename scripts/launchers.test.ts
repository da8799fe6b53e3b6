import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/* The launchers as people use them: by starting them. What they hand over to stands in for the server. */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
let folder: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-launch-'));
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function launch(script: string, ...args: string[]): ChildProcess & { line(): Promise<string> } {
  const file = join(folder, `script-${started.length}.ts`);
  writeFileSync(file, script);
  const child = spawn('node', [join(root, 'scripts', 'run.mjs'), file, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return Object.assign(child, { line: async () => (await lines.next()).value as string });
}
const lives = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Says its pid, then each signal it hears; ends by itself shortly after the first. */
const LISTENER = `
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => { console.log(name); setTimeout(() => process.exit(7), 300); });
  setInterval(() => {}, 1000);
  console.log(process.pid);`;

test("a script runs as TypeScript on Parley's own Node, with its arguments, where the caller stands", async () => {
  const child = launch(
    'const said: string[] = [process.version.split(".")[0]!, process.cwd(), ...process.argv.slice(2)]; console.log(JSON.stringify(said));',
    'one',
    'two words',
  );
  expect(JSON.parse(await child.line())).toEqual(['v26', folder, 'one', 'two words']);
});

test('its exit code is passed on', async () => {
  const [code] = (await once(launch('process.exit(42)'), 'exit')) as [number];
  expect(code).toBe(42);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s reaches it exactly once, and it may take its time', async (signal) => {
  const child = launch(LISTENER);
  await child.line();
  const ended = once(child, 'exit') as Promise<[number]>;
  child.kill(signal);
  expect(await child.line()).toBe(signal);
  expect(await child.line()).toBeUndefined();
  expect((await ended)[0]).toBe(7);
});

test('a launcher killed outright takes what it started with it, which still stops in order', async () => {
  const child = launch(LISTENER);
  const pid = Number(await child.line());
  child.kill('SIGKILL');
  expect(await child.line()).toBe('SIGTERM');
  await expect.poll(() => lives(pid), { timeout: 30_000 }).toBe(false);
});
