import { conflict } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { auditPlace, forgetKey, makeKey, readKey } from './keys.ts';
import { appendStatement, beginStatements, keyAfter, lockStatements, type Rotation } from './statements.ts';

/**
 * Hands the signing of the audit log over to a new key. The old key signs that, the new one accepts it; old exports still verify with the old
 * public key, and whoever trusts either key can follow the line to the other. Returns both ids. Needs `settings.manage`, and the data directory
 * that holds the keys; takes effect with the next checkpoint.
 *
 * `oldKeyIsLost` replaces a key nobody has any more: the old key cannot sign, so those who trusted it must be told of the new one.
 * Refused while the old key is at hand.
 */
export async function rotateKey(work: Work, { oldKeyIsLost = false } = {}): Promise<{ before: string; after: string }> {
  work.require('settings.manage');
  const place = work.use(auditPlace);
  const sql = work.sql;
  await lockStatements(sql);
  const last = await beginStatements(sql, place);
  const before = keyAfter(last);
  const old = readKey(place, before);
  if (!old && !oldKeyIsLost)
    throw conflict(
      `The key ${before} is not on this machine, so it cannot hand over. Rotate where it is, or replace it as lost.`,
    );
  if (old && oldKeyIsLost) throw conflict(`The key ${before} is not lost: it is on this machine. Rotate it.`);
  const next = makeKey(place);
  work.onRollback(() => forgetKey(place, next.id));
  const facts: Omit<Rotation, 'number' | 'at' | 'key' | 'previous'> = {
    kind: 'rotation',
    next: next.id,
    publicKey: next.publicKey,
  };
  await appendStatement(sql, old ?? { id: before, publicKey: '', sign: () => '' }, last, facts, {
    accept: next,
    unsigned: !old,
  });
  work.audit({
    action: 'audit.key-rotated',
    target: { kind: 'audit key', id: next.id },
    before: { key: before },
    after: { key: next.id, oldKeyIsLost },
  });
  return { before, after: next.id };
}
