import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import type { TestClient } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Check and act are one step: whoever is cut off while they act has acted before it, or not at all. Real requests, sent at the same moment.
 */

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(() => world.close());

/** A conversation has one writer, so whatever was sent in it before this has been stored, or never will be. */
async function everythingStored(pal: TestClient, conversationId: string): Promise<void> {
  await pal.says('a mark', { in: conversationId });
}

test('of what somebody sends while they are suspended, all that was confirmed is kept and nothing is said afterwards', async () => {
  for (let round = 0; round < 4; round++) {
    const device = await world.device(`Sue ${round}`);
    const pal = await world.device(`Pal ${round}`);
    const { conversation } = await device.call('conversation:direct', { userId: pal.userId });
    const send = () =>
      device
        .raw('message:send', { conversationId: conversation.id, clientId: newId(), body: 'still here' })
        .catch(() => ({ error: { code: 'unknown' } }));
    const [done, ...answers] = await Promise.all([
      olga.act('suspendPeople', { ids: [device.userId] }),
      ...Array.from({ length: 50 }, send),
    ]);
    expect(done.code).toBeUndefined();
    const confirmed = answers.filter((answer) => !answer.error).length;
    const count = async () =>
      (
        await world.db.rows<{ count: number }>('select count(*) from messages where sender_id = $1', [device.userId])
      )[0]!.count;
    await everythingStored(pal, conversation.id);
    const kept = await count();
    expect(kept).toBeGreaterThanOrEqual(confirmed);
    await Promise.all(Array.from({ length: 20 }, send));
    await everythingStored(pal, conversation.id);
    expect(await count()).toBe(kept);
  }
});

test('what waited for the store when its sender was suspended is not said', async () => {
  const [sid, pat] = [await world.device('Sid'), await world.device('Pat')];
  const { conversation } = await sid.call('conversation:direct', { userId: pat.userId });
  await sid.says('before', { in: conversation.id });
  // Somebody's act holds the conversation: what is said in it waits.
  const act = await world.db.client('holds the row');
  await act.query('begin');
  await act.query('select 1 from conversations where id = $1 for update', [conversation.id]);
  const waiting = Array.from({ length: 3 }, () =>
    sid
      .raw('message:send', { conversationId: conversation.id, clientId: newId(), body: 'too late' })
      .catch(() => ({ error: { code: 'gone' } })),
  );
  // Answered after them, by the same connection: all three are past the door.
  await sid.call('session:me', {});
  expect((await olga.act('suspendPeople', { ids: [sid.userId] })).code).toBeUndefined();
  await act.query('commit');
  await act.end();
  await everythingStored(pat, conversation.id);
  expect((await Promise.all(waiting)).map(({ error }) => error !== undefined)).toEqual([true, true, true]);
  expect(await world.db.rows('select body from messages where sender_id = $1', [sid.userId])).toEqual([
    { body: 'before' },
  ]);
});

test('a device ended while it renews its session fifty times has none afterwards', async () => {
  for (let round = 0; round < 4; round++) {
    const person = await world.person(`Rae ${round}`);
    const rae = visitor(world.origin);
    await rae.signIn(person);
    const [device] = await world.db.rows<{ id: string }>(
      'select id from devices where user_id = $1 and ended_at is null',
      [person.id],
    );
    const [done] = await Promise.all([
      olga.act('endDevices', { ids: [device!.id] }),
      ...Array.from({ length: 50 }, () => rae.ask('POST', '/api/session/refresh', {})),
    ]);
    // The renewals may have ended it themselves, as a token used twice does: then there was nothing left to end.
    expect([undefined, 'moved']).toContain(done.code);
    expect(await world.db.rows('select from devices where user_id = $1 and ended_at is null', [person.id])).toEqual([]);
    expect((await rae.ask('POST', '/api/session/refresh', {})).status).toBe(401);
    expect((await rae.ask('GET', '/api/me')).status).toBe(401);
  }
});
