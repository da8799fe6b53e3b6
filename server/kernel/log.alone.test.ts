import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../testing/client.ts';
import { ownCluster, type OwnCluster } from '../testing/database.ts';
import { openWorld, type World } from '../testing/world.ts';

let cluster: OwnCluster;
let world: World;
beforeAll(async () => {
  cluster = await ownCluster();
  world = await openWorld({ databaseUrl: cluster.url, clickhouseUrl: cluster.clickhouseUrl });
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

test('a killed database leaves errors in the log, and no client, socket or secret', async () => {
  const ada = await world.device('Ada');
  const room = await ada.group('Room', []);
  await cluster.killPostgres();
  await ada.tries('message:send', { conversationId: room.conversation.id, clientId: 'one', body: 'canary-body' });
  await cluster.untilPostgresAnswers();
  await until(
    async () =>
      (await ada.tries('message:send', { conversationId: room.conversation.id, clientId: 'two', body: 'x' })) === 'ok',
    'sending to work again',
  );
  const failures = world.logged.filter((line) => /"level":"(warn|error)"/.test(line));
  expect(failures.length).toBeGreaterThan(0);
  const secret = new URL(cluster.url).password;
  for (const line of failures) {
    expect(line, line.slice(0, 300)).not.toMatch(/connectionParameters|_events|_readableState|canary/);
    expect(line.includes(secret), 'the database’s password').toBe(false);
    expect(line.length, line.slice(0, 300)).toBeLessThan(10_000);
  }
});
