// npm start: installs what is missing, builds the interfaces if they are stale, starts the server.
// npm start -- web      only this role; --dev (npm run dev) starts again whenever a server file changes.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './lib/hand-over.mjs';
import { install } from './lib/install.mjs';
import { buildInterfaces } from './lib/interfaces.mjs';
import { giveUp, say } from './lib/say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const roles = args.filter((arg) => arg !== '--dev');
const watch = args.includes('--dev') ? ['--watch'] : [];

const node = await install(root);
const failed = await buildInterfaces(root, node);
for (const name of failed) {
  const folder = name === 'chat' ? 'clients/web' : 'admin-ui';
  if (!existsSync(join(root, folder, 'dist')))
    giveUp(`The ${name} could not be built; what the build said stands above.`);
  say(`The ${name} could not be built; the former build is served.`);
}
// Half of V8's default for young objects: 10 kB less for every connection, at no cost that could be measured.
handOver(node, ['--max-semi-space-size=8', ...watch, join(root, 'server', 'main.ts'), ...roles], { cwd: root });
