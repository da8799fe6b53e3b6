import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('an edit waits for an uncommitted decision on keeping revisions, and follows it', async () => {
  const ada = await world.device('Ada');
  const room = (await ada.group('General', [])).conversation.id;
  const sent = await ada.says('first', { in: room });
  const deciding = await world.db.client('decision');
  try {
    await deciding.query('begin');
    await deciding.query(`select pg_advisory_xact_lock(hashtext('parley setting'), hashtext('keepRevisions'))`);
    await deciding.query(`insert into settings (name, value) values ('keepRevisions', '"none"')`);
    const editing = ada.call('message:edit', { conversationId: room, messageId: sent.id, body: 'second' });
    await until(async () => {
      const waiting = await world.db.rows(`select from pg_locks where locktype = 'advisory' and not granted`);
      return waiting.length > 0;
    }, 'the edit to wait');
    await deciding.query('commit');
    await editing;
  } finally {
    await deciding.end();
  }
  expect(await world.db.rows('select from revisions')).toEqual([]);
});
