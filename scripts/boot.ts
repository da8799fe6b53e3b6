/**
 * Starts a whole copy of Parley once as a person would, waits until it is ready, fetches the first page, presses Ctrl-C and sees that
 * nothing of it is left running:
 *
 *   node scripts/run.mjs scripts/boot.ts [--in FOLDER] -- npm start
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bootOnce } from './lib/boot-once.ts';

const { values, positionals } = parseArgs({
  options: { in: { type: 'string', default: '.' } },
  allowPositionals: true,
});
const cwd = path.resolve(values.in);
const began = Date.now();
try {
  await bootOnce({
    command: positionals.length > 0 ? positionals : ['npm', 'start'],
    cwd,
    dataDir: path.join(cwd, 'data'),
    limitSeconds: 900,
  });
  console.log(
    `✓ ${positionals.join(' ') || 'npm start'}: ready, answered, stopped, and nothing left behind (${((Date.now() - began) / 1000).toFixed(1)} s)`,
  );
} catch (error) {
  console.error(`✗ ${(error as Error).message}`);
  process.exitCode = 1;
}
