import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import type { TestClient } from '../testing/client.ts';
import { deadlocksIn } from '../testing/deadlock-count.ts';
import { isLongForm } from '../testing/long-form.ts';
import { recount } from '../testing/recount.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Sending beside reading, over real sockets: 40 devices in 8 rooms send and mark as fast as they are answered. `npm run
 * bench -- beside` measures the same at a given rate.
 */

const devices = 40;
const rooms = 8;
const messagesEach = isLongForm ? 500 : 50;

let fresh: FreshDatabase;
let world: World;
let people: TestClient[];
beforeAll(async () => {
  fresh = await freshDatabase();
  world = await openWorld({ databaseUrl: fresh.url, clickhouseUrl: fresh.clickhouseUrl });
  people = await Promise.all(Array.from({ length: devices }, (_, n) => world.device(`Person ${n}`)));
});
afterAll(async () => {
  await world?.close();
  await fresh?.drop();
});

/** Half of the people are in each room, as every second one. */
const membersOf = (room: number) => people.filter((_, n) => (n + room) % 2 === 0);

test('40 devices send and mark in 8 rooms at once: all stored, no refusal, no deadlock', async () => {
  const ids: string[] = [];
  for (let room = 0; room < rooms; room++) {
    const [leader, ...others] = membersOf(room);
    ids.push((await leader!.group(`Room ${room}`, others)).conversation.id);
  }
  const codes: Record<string, number> = {};
  const count = (what: string, code: string) => (codes[`${what} ${code}`] = (codes[`${what} ${code}`] ?? 0) + 1);
  let sending = devices;

  /** Marks the device's rooms one after the other, up to the newest line it has heard, for as long as anybody sends. */
  async function mark(device: TestClient, own: string[]): Promise<void> {
    for (let turn = 0; sending > 0; turn++) {
      const conversationId = own[turn % own.length]!;
      const newest = device.changes.findLast(
        (event) => event.conversationId === conversationId && event.change.kind === 'message',
      );
      const line = newest?.change.kind === 'message' ? newest.change.message.line! : 1;
      count('mark', await device.tries('read:mark', { conversationId, line }));
    }
  }
  async function send(device: TestClient, own: string[]): Promise<void> {
    for (let n = 0; n < messagesEach; n++) {
      const clientId = `${device.userId}-${n}`;
      count(
        'send',
        await device.tries('message:send', { conversationId: own[n % own.length]!, clientId, body: clientId }),
      );
    }
    sending--;
  }
  await Promise.all(
    people.flatMap((device, n) => {
      const own = ids.filter((_, room) => (n + room) % 2 === 0);
      return [send(device, own), mark(device, own)];
    }),
  );

  const { 'mark ok': marks, ...others } = codes;
  expect(others).toEqual({ 'send ok': devices * messagesEach });
  expect(marks).toBeGreaterThan(devices);
  expect(await recount(world.db)).toEqual([]);
  const unkept = await world.db.rows(
    `select m.user_id, m.conversation_id, m.read_line, max(r.line) as kept from members m left join read_marks r using (user_id, conversation_id)
     group by m.user_id, m.conversation_id having m.read_line <> coalesce(max(r.line), 0)`,
  );
  expect(unkept, 'every mark that moved is kept').toEqual([]);
  await world.close();
  expect(await deadlocksIn(fresh.url)).toBe(0);
});
