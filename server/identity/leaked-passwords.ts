import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/*
 * Whether a password stands in lists of leaked passwords, decided without asking anyone. `leaked-passwords.bin` holds
 * the first five bytes of the SHA-256 of each entry, sorted: 3 MB, looked up by halving, and no list of passwords in
 * the repository. One password in two million is refused without being in the lists. scripts/leaked-passwords.ts writes
 * the file.
 */

export const hashBytes = 5;
const file = new URL('leaked-passwords.bin', import.meta.url);

/** A password as the lists compare it: without case, since guessers try both. */
export const leakedHash = (password: string): Buffer =>
  createHash('sha256').update(password.normalize('NFKC').toLowerCase()).digest().subarray(0, hashBytes);

let read: Promise<Buffer> | undefined;
/** Read when the first password is chosen, and kept. A read that failed is tried again. */
const hashes = () =>
  (read ??= readFile(file).catch((error: unknown) => {
    read = undefined;
    throw error;
  }));

export async function isLeaked(password: string): Promise<boolean> {
  const sorted = await hashes();
  const wanted = leakedHash(password);
  let [from, to] = [0, sorted.length / hashBytes];
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = sorted.compare(wanted, 0, hashBytes, middle * hashBytes, (middle + 1) * hashBytes);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}
