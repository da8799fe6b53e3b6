/**
 * What every commit must hold, readable aloud: `npm run check`. All steps run, each timed and named, and the failed ones are listed at
 * the end. `npm run check -- --fix` first mends what can be mended: lint, layout and generated papers. `-- --only lint,types` runs only
 * the steps whose names begin so.
 */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bootOnce } from './lib/boot-once.ts';
import { generated, generate, stale } from './lib/generated.ts';
import { strangers } from './lib/licences.ts';
import { runAll, tool, type Step } from './lib/steps.ts';
import { judge } from '../server/floors.ts';
import { readTree } from '../server/floors-tree.ts';

const root = path.dirname(import.meta.dirname);
process.chdir(root);

const { values } = parseArgs({
  options: { fix: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const installed = (file: string) => path.join(root, 'node_modules', file);
const tsc = installed('typescript/bin/tsc');
const vueTsc = installed('vue-tsc/bin/vue-tsc.js');
const oxlint = installed('oxlint/bin/oxlint');
const oxfmt = installed('oxfmt/bin/oxfmt');
const eslint = installed('eslint/bin/eslint.js');

const steps: Step[] = [
  { name: 'types: server, packages, scripts', run: said(tsc, '--project', '.', '--pretty', 'false') },
  ...interfaces('types', (folder) => said(vueTsc, '--noEmit', '--project', folder, '--pretty', 'false')),
  {
    name: 'lint: code',
    run: said(oxlint, '--type-aware', '--deny-warnings', '--format', 'unix', '.'),
    fix: said(oxlint, '--type-aware', '--fix', '--silent', '.', { whateverItSays: true }),
  },
  {
    name: 'lint: templates, and no decorators',
    run: said(eslint, '--max-warnings', '0', '.'),
    fix: said(eslint, '--fix', '--quiet', '.', { whateverItSays: true }),
  },
  { name: 'format', run: unformatted, fix: said(oxfmt, '.') },
  { name: 'floors: imports point down', run: floorsHold },
  { name: 'dead code', run: said(installed('knip/bin/knip.js'), '--no-progress', '--no-config-hints') },
  { name: 'generated papers are fresh', run: papersAreFresh, fix: generate },
  { name: 'licences', run: licencesAreKnown },
  { name: 'boot', run: serverBoots },
];

const chosen = steps.filter(({ name }) => values.only.split(',').some((start) => name.startsWith(start.trim())));
process.exitCode = (await runAll(chosen, values.fix)) > 0 ? 1 : 0;

/** An installed tool as a step: content when it ends with 0. */
function said(script: string, ...words: (string | { whateverItSays: true })[]): () => Promise<void> {
  const args = words.filter((word) => typeof word === 'string');
  return async () => {
    const run = tool(script, ...args);
    await (args.length < words.length ? run.catch(() => undefined) : run);
  };
}

function interfaces(what: string, run: (folder: string) => () => Promise<void>): Step[] {
  const folders = { chat: 'clients/web', console: 'admin-ui' };
  return Object.entries(folders)
    .filter(([, folder]) => existsSync(path.join(folder, 'tsconfig.json')))
    .map(([name, folder]) => ({ name: `${what}: ${name}`, run: run(folder) }));
}

async function unformatted(): Promise<void> {
  const written = await tool(oxfmt, '--list-different', '.').catch((error: Error) => error.message);
  const files = written.trim().split('\n').filter(Boolean);
  if (files.length > 0)
    throw new Error(
      `${files.length} files, among them ${files.slice(0, 10).join(', ')}\nMend it with: npm run check -- --fix`,
    );
}

async function floorsHold(): Promise<void> {
  const offences = judge(await readTree(root));
  if (offences.length > 0)
    throw new Error(offences.map(({ file, imports, rule }) => `${file} → ${imports}: ${rule}`).join('\n'));
}

async function papersAreFresh(): Promise<void> {
  const files = await stale();
  if (files.length > 0)
    throw new Error(
      `${files.join('\n')}\nwritten by ${generated.map(({ script }) => script).join(', ')}; run: npm run check -- --fix`,
    );
}

async function licencesAreKnown(): Promise<void> {
  const report = await tool(
    installed('license-checker-rseidelsohn/bin/license-checker-rseidelsohn.js'),
    '--json',
    '--excludePrivatePackages',
  );
  const unknown = strangers(JSON.parse(report) as Record<string, { licenses: string | string[] }>);
  if (unknown.length > 0) throw new Error(`${unknown.join('\n')}\nDecide about each in scripts/lib/licences.ts`);
}

/** As a customer would run it in production: nothing seeded, no default secrets, on embedded engines. */
async function serverBoots(): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'parley-check-'));
  // Root's PostgreSQL runs as a user of its own, who must be able to pass.
  chmodSync(home, 0o755);
  try {
    await bootOnce({
      command: [process.execPath, '--max-semi-space-size=8', 'server/main.ts'],
      cwd: root,
      dataDir: path.join(home, 'data'),
      env: { NODE_ENV: 'production' },
      unbuilt: true,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
