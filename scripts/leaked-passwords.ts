/**
 * node scripts/run.mjs scripts/leaked-passwords.ts LIST...
 *
 * Writes server/identity/leaked-passwords.bin from lists of leaked passwords, a password a line, packed (.gz) or not.
 * Entries shorter than any floor are left out: their length refuses them. Where the lists in use come from stands in
 * docs/decisions/0022-passwords.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { passwordBounds, passwordLength } from '@parley/protocol/passwords.ts';
import { leakedHash } from '../server/identity/leaked-passwords.ts';

const target = new URL('../server/identity/leaked-passwords.bin', import.meta.url);

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Which lists? node scripts/run.mjs scripts/leaked-passwords.ts LIST...');
  process.exitCode = 1;
} else {
  const hashes = new Map<string, Buffer>();
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const line of (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split(/\r?\n/)) {
      const length = passwordLength(line);
      if (length < passwordBounds.least || length > passwordBounds.most) continue;
      const hash = leakedHash(line);
      hashes.set(hash.toString('hex'), hash);
    }
  }
  writeFileSync(target, Buffer.concat([...hashes.values()].sort(Buffer.compare)));
  console.log(`${hashes.size} leaked passwords from ${files.length} lists.`);
}
