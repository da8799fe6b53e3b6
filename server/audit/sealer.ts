import type { Client } from 'pg';
import { system } from '../kernel/actor.ts';
import { now } from '../kernel/clock.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { storage } from '../kernel/storage.ts';
import { inWork, type House } from '../kernel/work.ts';
import { inTransaction } from '../kernel/transaction.ts';
import { checkpointOf, sealEntries, takeUpChain, type Chain } from './chain.ts';
import type { AuditPlace } from './keys.ts';
import { publish } from './outside.ts';
import { appendStatement, beginStatements, lastStatement, lockStatements, signingKey, sqlOf } from './statements.ts';

/** `batch` entries, or `every` milliseconds after the first of them: whichever comes first, a checkpoint is signed. */
export type SealerOptions = { batch?: number; every?: number };

/**
 * Chains audit entries within a second of their commit and signs them in batches. One process seals at a time; the heir of a cut connection
 * finds the lock free.
 * 1. `takeUp`: statements inside and outside are brought together; the chain goes on behind whatever was sealed or signed last.
 * 2. Rounds: seal what is unsealed; sign when a batch is full or old enough; publish what was signed.
 * 3. A failure anywhere leaves entries unsealed or unsigned, never lost: the next run takes up the chain from the tables. A directory outside
 *    that cannot be written holds up only the publishing; but nobody starts to seal without having read it, lest signed positions be given twice.
 * 4. Asked to stop, it seals and signs what it can still see, so that a stopped house has no unsigned tail.
 */
export function sealer(
  house: House,
  place: AuditPlace,
  { batch = 1_000, every = 60_000 }: SealerOptions = {},
): LongLived {
  return {
    name: 'audit sealer',
    async run(signal) {
      const client = await house.db.client('audit sealer');
      try {
        while (!(await claim(client))) {
          await pause(1_000, signal);
          if (signal.aborted) return;
        }
        const sealing = await takeUp(house, client, place);
        while (!signal.aborted) {
          const sealed = await sealRound(client, sealing, batch);
          while (isDue(sealing.chain, batch, every)) await signRound(client, place, sealing, batch);
          await publishRound(house, client, place, sealing);
          if (sealed < batch) await house.bell.wait(500, signal);
        }
        while ((await sealRound(client, sealing, batch)) > 0);
        while (sealing.chain.unsigned.length > 0) await signRound(client, place, sealing, batch);
        await publishRound(house, client, place, sealing);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

/** The end of the chain, and the number of the last statement that is outside. */
type Sealing = { chain: Chain; published: number };

const isDue = ({ unsigned, since }: Chain, batch: number, every: number) =>
  unsigned.length >= batch || (unsigned.length > 0 && now() - since >= every);

async function claim(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('parley audit'), hashtext('sealer')) as locked`,
  );
  return rows[0]!.locked;
}

async function takeUp(house: House, client: Client, place: AuditPlace): Promise<Sealing> {
  const sql = sqlOf(client);
  const taken = await inTransaction(client, async () => {
    await lockStatements(sql);
    const published = await publish(sql, place, house.log);
    // Without its key the log must not go on: entries wait unsealed until somebody brings it back.
    signingKey(place, await beginStatements(sql, place));
    return { published, ...(await takeUpChain(sql, await lastStatement(sql, 'checkpoint'))) };
  });
  if (taken.gap) {
    house.log.error(taken.gap, 'audit entries that were sealed and signed are gone from the database');
    await inWork(house, system('audit sealer'), async (work) =>
      work.audit({ action: 'audit.gap-found', after: taken.gap }),
    );
  }
  return { chain: taken.chain, published: taken.published };
}

async function sealRound(client: Client, sealing: Sealing, batch: number): Promise<number> {
  const { count, chain } = await inTransaction(client, () => sealEntries(sqlOf(client), sealing.chain, batch));
  sealing.chain = chain;
  return count;
}

async function signRound(client: Client, place: AuditPlace, sealing: Sealing, batch: number): Promise<void> {
  const sql = sqlOf(client);
  const facts = checkpointOf(sealing.chain, Math.min(batch, sealing.chain.unsigned.length));
  await inTransaction(client, async () => {
    await lockStatements(sql);
    const last = await beginStatements(sql, place);
    await appendStatement(sql, signingKey(place, last), last, facts);
  });
  sealing.chain = { ...sealing.chain, unsigned: sealing.chain.unsigned.slice(facts.size), since: now() };
}

/** Rotations are signed by other acts; whoever signed, it is the sealer who publishes. */
async function publishRound(house: House, client: Client, place: AuditPlace, sealing: Sealing): Promise<void> {
  const sql = sqlOf(client);
  const [last] = await sql<{ number: number }>('select coalesce(max(number), 0) as number from audit_statements');
  if (last!.number === sealing.published) return;
  sealing.published = await inTransaction(client, async () => {
    await lockStatements(sql);
    try {
      return await publish(sql, place, house.log);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      house.parts.find(storage)?.note(error);
      house.log.error(
        { err: error, directory: place.outside },
        'signed statements about the audit log could not be written outside the database; they will be',
      );
      return sealing.published;
    }
  });
}
