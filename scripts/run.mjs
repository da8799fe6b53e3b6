// node scripts/run.mjs scripts/seed.ts [arguments]: installs what is missing and runs a script with Parley's Node.js.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './lib/hand-over.mjs';
import { install } from './lib/install.mjs';
import { giveUp } from './lib/say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);
if (!script) giveUp('Which script? For example: node scripts/run.mjs scripts/schema.ts');

handOver(await install(root), ['--max-semi-space-size=8', resolve(root, script), ...args]);
