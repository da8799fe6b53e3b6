import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
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

test('of what somebody sends while they are suspended, all that was confirmed is kept and nothing is said afterwards', async () => {
  for (let round = 0; round < 4; round++) {
    const device = await world.device(`Sue ${round}`);
    const pal = await world.person(`Pal ${round}`);
    const { conversation } = await device.call('conversation:direct', { userId: pal.id });
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
    const kept = await count();
    expect(kept).toBeGreaterThanOrEqual(confirmed);
    await Promise.all(Array.from({ length: 20 }, send));
    expect(await count()).toBe(kept);
  }
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
