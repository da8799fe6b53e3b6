import { stranger } from '../kernel/actor.ts';
import { now } from '../kernel/clock.ts';
import { inWork, type Work } from '../kernel/work.ts';

/** Attempts of the current minute that were already written down, by account (or by address, for accounts that do not exist). */
const written = new Map<string, { minute: number; more: number }>();

/**
 * Audits a refused sign-in in a small act of its own: what was attempted against whom, and from where. What was typed is never kept, since
 * people type passwords into the wrong field. One line an account and minute; the next line says how many there were in between.
 * Throws nothing: the refusal stands either way.
 */
export async function auditRefusedSignIn(
  work: Work,
  account: { userId: string; name: string } | null,
  why: string,
): Promise<void> {
  const minute = Math.floor(now() / 60_000);
  const key = `${account?.userId ?? work.doorway.address} ${why}`;
  const seen = written.get(key);
  if (seen?.minute === minute) return void seen.more++;
  if (written.size > 10_000) written.clear();
  written.set(key, { minute, more: 0 });
  try {
    await inWork(
      work.house,
      stranger,
      async (act) =>
        act.audit({
          action: 'session.started',
          outcome: 'refused',
          reason: account ? why : `${why}: no such account`,
          ...(account ? { target: { kind: 'user', id: account.userId, name: account.name } } : {}),
          ...(seen && seen.more > 0 ? { after: { repeated: seen.more } } : {}),
        }),
      { doorway: work.doorway },
    );
  } catch (error) {
    work.house.log.error({ err: error }, 'a refused sign-in could not be audited');
  }
}
