import { createHash } from 'node:crypto';

/*
 * The tree of a batch, built as RFC 6962 §2.1 builds it: leaves and inner nodes are hashed with different first bytes, so that no node can be
 * passed off as an entry; an uneven tree is split at the largest power of two below its size.
 */

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** What the chain starts from. */
export const noHash = Buffer.alloc(32);

export const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The chained hash of an entry: SHA-256(previous hash ‖ canonical bytes). */
export const chainHash = (previous: Buffer, canonical: string): Buffer => sha256(previous, canonical);

/** The leaf of an entry: SHA-256(00 ‖ canonical bytes). It does not depend on the chain, so an entry can be proven alone. */
export const leafHash = (canonical: string): Buffer => sha256(LEAF, canonical);

/** The root over one or more leaves. */
export function merkleRoot(leaves: readonly Buffer[], from = 0, to = leaves.length): Buffer {
  if (to - from === 1) return leaves[from]!;
  const middle = from + splitOf(to - from);
  return sha256(NODE, merkleRoot(leaves, from, middle), merkleRoot(leaves, middle, to));
}

/** The hashes that lead from leaf `index` to the root, from the bottom upwards. */
export function inclusionPath(leaves: readonly Buffer[], index: number, from = 0, to = leaves.length): Buffer[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...inclusionPath(leaves, index, from, middle), merkleRoot(leaves, middle, to)]
    : [...inclusionPath(leaves, index, middle, to), merkleRoot(leaves, from, middle)];
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}
