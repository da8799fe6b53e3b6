/** The data directory belongs to the account that runs Parley: keys, secrets, and who wrote to whom. */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './error.ts';

const othersBits = 0o077;

/**
 * Takes every right of other accounts from what lies in a data directory; what earlier versions left open is closed at
 * the next start. PostgreSQL's cluster is left alone: it keeps itself closed, and as root it belongs to a user of its
 * own, who must be able to pass through the directory.
 */
export function closeToOthers(dataDir: string): void {
  const isRoot = process.getuid?.() === 0;
  try {
    chmodSync(dataDir, isRoot ? 0o711 : 0o700);
    for (const entry of readdirSync(dataDir)) if (entry !== 'postgres') close(join(dataDir, entry));
  } catch (cause) {
    throw new EngineError(
      'data_directory',
      `The data directory ${dataDir} (PARLEY_DATA) could not be closed to other accounts: ${(cause as Error).message}. It must belong to the account that runs Parley.`,
      'operator',
      cause,
    );
  }
}

/** An engine at work makes and deletes files meanwhile; those it makes are closed. */
function close(path: string): void {
  try {
    closeFound(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function closeFound(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || found.isSymbolicLink()) return;
  if (found.mode & othersBits) chmodSync(path, found.mode & 0o7777 & ~othersBits);
  if (found.isDirectory()) for (const entry of readdirSync(path)) close(join(path, entry));
}
