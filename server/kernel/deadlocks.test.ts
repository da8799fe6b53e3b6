import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, type TestClient } from '../testing/client.ts';
import { visitor } from '../testing/http.ts';
import { Rival, untilLost } from '../testing/rival.ts';
import { openWorld, type World } from '../testing/world.ts';
import { deadlockAttempts, isDeadlock } from './deadlocks.ts';
import { isOutage } from './errors.ts';
import { newId } from './ids.ts';
import { runWork } from './work.ts';
import { system } from './actor.ts';
import { deadlocks } from './telemetry.ts';

/*
 * Real deadlocks, lost on purpose: the person who asked gets what they asked for, once, and hears nothing of it.
 */

let world: World;
let ada: TestClient;
let ben: TestClient;

beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  ada = await world.device('Ada', { roles: ['owner', 'member'] });
  ben = await world.device('Ben');
});
afterAll(() => world.close());

const lockUser = 'select from users where id = $1 for no key update';
const lockConversation = 'select from conversations where id = $1 for no key update';
const lockMember = 'select from members where conversation_id = $1 and user_id = $2 for no key update';
/** A run may come back before the rival has taken its turn, and lose once more. */
const lost = async (where: string) =>
  (await deadlocks.get()).values.find(({ labels }) => labels['where'] === where)?.value ?? 0;
const failure = (code: string) => Object.assign(new Error('deadlock detected'), { code });

describe('an act', () => {
  it('loses a deadlock and is done once, also what it does to connections', () =>
    untilLost(async () => {
      deadlocks.reset();
      const group = await ada.group('Out', [ben]);
      const { id } = group.conversation;
      const rival = await Rival.holding(world.db, lockUser, [ben.userId]);
      const removing = ada.call('member:remove', { conversationId: id, userId: ben.userId });
      await rival.closeTheCircle(lockConversation, [id]);
      await removing;
      expect(await lost('act')).toBeGreaterThanOrEqual(1);

      await ada.says('without Ben', { in: group });
      await until(() => ada.heard(id).includes('without Ben'));
      expect(ben.heard(id)).not.toContain('without Ben');
      expect(ben.mine.filter((event) => event.kind === 'left' && event.conversationId === id)).toHaveLength(1);
      expect(
        await world.db.rows(`select from outbox where type = 'member.removed' and payload ->> 'conversationId' = $1`, [
          id,
        ]),
      ).toHaveLength(1);
      const [row] = await world.db.rows<{ members: number; head: number }>(
        'select member_count as members, head from conversations where id = $1',
        [id],
      );
      // Head: two members came, one went, one message was sent.
      expect(row).toEqual({ members: 1, head: 4 });
    }));

  it('runs again with an empty plan, after taking back what it did outside the database', async () => {
    const did: string[] = [];
    deadlocks.reset();
    let runs = 0;
    const { result, plan } = await runWork(world.app.house, system('test'), async (work) => {
      const run = ++runs;
      did.push(`in ${run}`);
      work.onRollback(() => did.push(`back ${run}`));
      work.afterCommit(() => did.push(`after ${run}`));
      work.changed({ table: 'users', id: 'x', op: 'update', before: {}, after: {} });
      work.record('test.happened', { run });
      work.audit({ action: 'test.happened' });
      await work.sql('select 1');
      if (run < 3) throw failure(run === 1 ? '40P01' : '40001');
      return run;
    });
    expect(result).toBe(3);
    expect(did).toEqual(['in 1', 'back 1', 'in 2', 'back 2', 'in 3', 'after 3']);
    expect([plan.changes.length, plan.events.length, plan.audit.length]).toEqual([1, 1, 1]);
    expect(await world.db.rows(`select from outbox where type = 'test.happened'`)).toHaveLength(1);
    expect(await world.db.rows(`select from audit_entries where action = 'test.happened'`)).toHaveLength(1);
    expect(await lost('act')).toBe(2);
  });

  it('that loses every time is refused as overloaded, and stores nothing', async () => {
    let runs = 0;
    const always = runWork(world.app.house, system('test'), async (work) => {
      runs++;
      work.record('test.never', {});
      await work.sql('select 1');
      throw failure('40P01');
    });
    await expect(always).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1_000 });
    expect(runs).toBe(deadlockAttempts);
    expect(await world.db.rows(`select from outbox where type = 'test.never'`)).toEqual([]);
  });

  it('previewed and applied loses a deadlock each time: one plan, applied once', () =>
    untilLost(async () => {
      deadlocks.reset();
      const { id } = await world.person(`Cleo ${newId()}`);
      const admin = visitor(world.origin);
      await admin.signIn(await world.person('Ada'));
      /** Suspending holds the person and waits for their devices; the rival has these, and wants the person. */
      const suspend = async (more: { previewToken?: string; reason?: string }) => {
        const rival = await Rival.holding(world.db, 'select from devices where user_id = $1 for no key update', [id]);
        const asking = admin.askAct('suspendPeople', { ids: [id] }, more);
        await rival.closeTheCircle(lockUser, [id]);
        return asking;
      };
      await world.db.rows(
        `insert into devices (id, user_id, name, refresh_hash) values (gen_random_uuid(), $1, 'phone', 'x')`,
        [id],
      );
      const planned = await suspend({});
      expect(planned.counts).toEqual(
        expect.arrayContaining([
          { table: 'users', op: 'update', count: 1 },
          { table: 'devices', op: 'update', count: 1 },
        ]),
      );
      const applied = await suspend({ previewToken: planned.token!, reason: 'for the test' });
      expect(applied.code).toBeUndefined();
      expect(applied.counts).toEqual(planned.counts);
      expect(await lost('act')).toBeGreaterThanOrEqual(2);
      expect(
        await world.db.rows(`select from audit_entries where action = 'user.suspended' and target_id = $1`, [id]),
      ).toHaveLength(1);
    }));
});

describe('a batch of messages', () => {
  it('loses a deadlock and is stored by the same connection; no sender hears of it', () =>
    untilLost(async () => {
      deadlocks.reset();
      const group = await ada.group('Batch', [ben]);
      const { id } = group.conversation;
      await ada.says('first', { in: group });
      const lanes = () =>
        world.db.rows(
          `select pid from pg_stat_activity where datname = current_database() and application_name like 'parley send%' order by pid`,
        );
      const before = await lanes();
      const rival = await Rival.holding(world.db, lockMember, [id, ada.userId]);
      const bodies = Array.from({ length: 10 }, (_, n) => `message-${n}`);
      const sending = Promise.all(
        bodies.map((body, n) =>
          (n % 2 ? ada : ben).tries('message:send', { conversationId: id, clientId: body, body }),
        ),
      );
      await rival.closeTheCircle(lockConversation, [id]);
      expect(await sending).toEqual(bodies.map(() => 'ok'));
      expect(await lost('send lane')).toBeGreaterThanOrEqual(1);
      expect(await lanes()).toEqual(before);
      expect(world.logged.join('\n')).not.toContain('lost its connection');

      const rows = await world.db.rows<{ seq: number }>(
        'select seq from messages where conversation_id = $1 order by seq',
        [id],
      );
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1));
      await until(() => bodies.every((body) => ben.heard(id).includes(body)));
      expect(ben.heard(id)).toHaveLength(11);
    }));

  it('with one read mark in the way loses nothing: the mark is repeated, too', () =>
    untilLost(async () => {
      deadlocks.reset();
      const group = await ada.group('Mark', [ben]);
      const { id } = group.conversation;
      await ada.says('one', { in: group });
      const rival = await Rival.holding(world.db, lockMember, [id, ben.userId]);
      const marking = ben.call('read:mark', { conversationId: id, line: 1 });
      await rival.closeTheCircle(lockUser, [ben.userId]);
      expect(await marking).toMatchObject({ readLine: 1 });
      expect(await lost('act')).toBeGreaterThanOrEqual(1);
      expect(ben.mine.filter((event) => event.kind === 'mine' && event.conversationId === id)).toHaveLength(1);
    }));
});

describe('a lost deadlock', () => {
  it.each(['40P01', '40001'])('%s is never taken for an outage, raw or wrapped by Sequelize', (code) => {
    const wrapped = Object.assign(new Error('SequelizeDatabaseError'), { original: failure(code) });
    for (const error of [failure(code), wrapped]) {
      expect(isDeadlock(error)).toBe(true);
      expect(isOutage(error)).toBe(false);
    }
    expect(isOutage(failure('57P01'))).toBe(true);
    expect(isDeadlock(failure('57P01'))).toBe(false);
  });
});
