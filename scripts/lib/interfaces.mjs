// The two interfaces, built when what they are made of has changed. Plain JavaScript for Node 20.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sayWhile } from './say.mjs';

const INTERFACES = [
  { name: 'chat', folder: 'clients/web', madeOf: ['clients/web', 'clients/look', 'clients/sdk', 'clients/protocol'] },
  { name: 'console', folder: 'admin-ui', madeOf: ['admin-ui', 'clients/look', 'clients/protocol'] },
];
const NOT_SOURCES = /^(dist|dist-.*|node_modules|coverage|\..*)$|\.test\.ts$/;

/**
 * Builds each interface whose sources differ from those its build was made of. A build that fails leaves the former one
 * in place; returns the names of those that failed.
 */
export async function buildInterfaces(root, node) {
  const failed = [];
  for (const { name, folder, madeOf } of INTERFACES) {
    if (!existsSync(join(root, folder, 'vite.config.ts'))) continue;
    const sources = fingerprint(root, [...madeOf, 'package-lock.json']);
    if (readMark(root, folder) === sources) continue;
    const done = sayWhile(`Building the ${name}`);
    const built = await build(root, node, folder, sources);
    done();
    if (!built) failed.push(name);
  }
  return failed;
}

/** A digest of names and contents, the same on every machine. */
export function fingerprint(root, paths) {
  const digest = createHash('sha256');
  for (const file of paths.flatMap((path) => filesIn(join(root, path)))) {
    digest.update(relative(root, file).replaceAll('\\', '/')).update('\0').update(readFileSync(file)).update('\0');
  }
  return digest.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
  return entries
    .filter((entry) => !NOT_SOURCES.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]));
}

function readMark(root, folder) {
  try {
    return readFileSync(join(root, folder, 'dist', '.built-from'), 'utf8').trim();
  } catch {
    return null;
  }
}

// Beside the former build and swapped at the end: a server that is running never sees half of one.
async function build(root, node, folder, sources) {
  const home = join(root, folder);
  const fresh = join(home, `dist-${process.pid}`);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const code = await new Promise((resolve) => {
    const child = spawn(node, [vite, 'build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'], {
      cwd: home,
      stdio: ['ignore', 2, 2],
    });
    child.once('error', () => resolve(1));
    child.once('exit', resolve);
  });
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(fresh, '.built-from'), sources + '\n');
  const former = join(home, `dist-former-${process.pid}`);
  if (existsSync(join(home, 'dist'))) renameSync(join(home, 'dist'), former);
  renameSync(fresh, join(home, 'dist'));
  rmSync(former, { recursive: true, force: true });
  return true;
}
