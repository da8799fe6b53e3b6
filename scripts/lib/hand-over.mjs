// From the launcher, which any Node.js 20 can run, to the Node.js that Parley brings along. Plain JavaScript for Node 20.
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { giveUp } from './say.mjs';

const LIFELINE = pathToFileURL(fileURLToPath(new URL('lifeline.mjs', import.meta.url))).href;
const PASSED_ON = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' };

/**
 * Runs a script to its end, in its own process group so that Ctrl-C reaches it exactly once, through us: programs take
 * the second for "at once". Ends this process with the script's exit code.
 */
export function handOver(node, args, options = {}) {
  const child = spawn(node, ['--import', LIFELINE, ...args], {
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    ...options,
  });
  child.once('error', (error) => giveUp(`${node} could not be started: ${error.message}`));
  for (const [heard, passed] of Object.entries(PASSED_ON)) process.on(heard, () => child.kill(passed));
  child.once('exit', (code, signal) =>
    process.exit(code ?? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1)),
  );
}
