// What package-lock.json asks for, in node_modules. Plain JavaScript for Node 20: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { giveUp, say, sayWhile } from './say.mjs';

/**
 * Installs what is missing and returns the path of the Node.js that runs Parley. Ends the process with a sentence when
 * that cannot be done.
 */
export async function install(root) {
  const node = join(root, 'node_modules', '.bin', 'node');
  if (isInstalled(root) && existsSync(node)) return node;
  const done = sayWhile('Installing what Parley needs (once, some minutes on a slow line)');
  const code = await npm(root, ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  done();
  if (code !== 0) giveUp(`"npm ci" ended with code ${code}; what it said stands above. Mend that and start again.`);
  if (!existsSync(node))
    giveUp('npm did not run install scripts, so Node.js 26 is missing. Allow them once: npm ci --ignore-scripts=false');
  say('Installed.');
  return node;
}

/**
 * Compares what is asked for with what npm noted it has installed, package by package. Times of files would not do:
 * a checkout or a copy sets them anew.
 */
function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted) giveUp('package-lock.json is missing or cannot be read: this is not a complete copy of Parley.');
  if (!present) return false;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer, link }]) => {
    if (!path.includes('node_modules/') || link) return true;
    // Optional packages are for other platforms, or may have failed by right.
    return present[path] ? present[path].version === version : Boolean(optional || devOptional || peer);
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

function npm(root, args) {
  // Without our own .bin in front: the Node.js there is about to be deleted and put back.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  return new Promise((resolve) => {
    const child = spawn('npm', args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, PATH: path.join(delimiter) },
    });
    child.once('error', (error) =>
      giveUp(`npm could not be started (${error.message}). Parley needs Node.js 20 or newer with npm.`),
    );
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}
