import { expect, test } from 'vitest';
import type { Mine } from '@parley/protocol/conversations.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { recount } from '../../server/testing/recount.ts';
import type { Parley } from './client.ts';
import { group, isLive, live, lossyLine, world, withWorld } from './testing/devices.ts';

withWorld();

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Said = { id: string; by: TestClient; threadId: string | null; line: number | null };

const shown = (mine: Mine | null | undefined) =>
  mine && {
    readLine: mine.readLine,
    unreadFrom: mine.unreadFrom,
    unread: mine.unread,
    mentions: mine.mentions,
    threads: mine.threads,
  };

/** Waits until a device shows what the server counts for its person in each conversation. */
async function agrees(device: Parley, person: TestClient, rooms: readonly string[]): Promise<void> {
  let [here, there] = ['', ''];
  const same = async () => {
    const summaries = await Promise.all(
      rooms.map((conversationId) => person.call('conversation:open', { conversationId })),
    );
    there = JSON.stringify(summaries.map(({ mine }) => shown(mine)));
    here = JSON.stringify(rooms.map((id) => shown(device.store.conversations.get(id)?.mine)));
    return here === there;
  };
  await until(same, 'the device to agree', 30_000).catch(() => {
    throw new Error(`the device shows ${here} where the server counts ${there}`);
  });
}

const seed = Number(process.env['PARLEY_SEED'] ?? 20_261_127);

test.each(['whole', 'lossy'])(
  'after any acts each device shows what a recount says: a %s line',
  { timeout: 240_000 },
  async (kind) => {
    const roll = dice(kind === 'whole' ? seed : seed + 1);
    const names = ['Ada', 'Ben', 'Cleo'];
    const line = kind === 'lossy' ? await lossyLine() : null;
    let frames = 0;
    const devices: Parley[] = [];
    for (const name of names) devices.push(await live(name, line ? { origin: line.origin } : {}));
    const clients = await Promise.all(names.map((name) => world.device(name)));
    const replies = await group(devices[0]!, 'Ben', 'Cleo');
    const { conversation } = await clients[0]!.group('with topics', clients.slice(1), { threading: 'topics' });
    const rooms = [replies, conversation.id];
    const said = new Map<string, Said[]>(rooms.map((id) => [id, []]));
    const lossy = (packet: string) => !packet.startsWith('42') || ++frames % 5 !== 0;
    /**
     * The next event of a stream shows that earlier ones were lost; the last event of a quiet one would be missed for
     * minutes.
     */
    async function closeStreams() {
      line!.passes = () => true;
      for (const room of rooms) await clients[0]!.says('the last one arrives', { in: room });
      for (const client of clients)
        await client.call('conversation:prefer', { conversationId: replies, pinned: roll(2) === 0 });
    }

    const pick = <T>(list: readonly T[]): T => list[roll(list.length)]!;
    const words = () => (roll(3) === 0 ? `for <@${pick(clients).userId}>` : 'for all');
    const acts: Record<string, (room: string, one: Said | undefined) => Promise<unknown>> = {
      async says(room) {
        const by = pick(clients);
        const title = room === replies || roll(3) > 0 ? {} : { title: `topic ${said.get(room)!.length}` };
        const { id, line: at } = await by.says(words(), { in: room, ...title });
        said.get(room)!.push({ id, by, threadId: null, line: at });
      },
      async answers(room) {
        const root = pick(said.get(room)!.filter(({ threadId }) => threadId === null));
        const by = pick(clients);
        const { id, line: at } = await by.says(words(), { in: room, threadId: root.id });
        said.get(room)!.push({ id, by, threadId: root.id, line: at });
      },
      edits: async (conversationId, one) =>
        one?.by.call('message:edit', { conversationId, messageId: one.id, body: words() }),
      recalls: async (conversationId, one) => one?.by.call('message:recall', { conversationId, messageId: one.id }),
      pins: async (conversationId, one) => one?.by.call('pin:add', { conversationId, messageId: one.id }),
      async marks(room) {
        const device = pick(devices);
        const summary = device.store.conversations.get(room);
        if (summary?.mine) device.markRead(room, roll(summary.lastLine + 1));
      },
      marksElsewhere: async (conversationId) => pick(clients).call('read:mark', { conversationId, line: roll(200) }),
      marksUnread: async (room) => pick(devices).markUnread(room, roll(6) === 0 ? null : 1 + roll(30)),
      async marksThread(room) {
        const device = pick(devices);
        const thread = device.store.conversations.get(room)?.mine?.threads[0];
        if (thread) device.markThreadRead(room, thread.threadId, thread.read + 1 + roll(2));
      },
      async comesAndGoes(conversationId) {
        const [owner, ...others] = clients;
        const one = pick(others);
        await owner!.call('member:remove', { conversationId, userId: one.userId });
        if (roll(2) === 0) await owner!.says(`while <@${one.userId}> is away`, { in: conversationId });
        await owner!.call('member:add', { conversationId, userIds: [one.userId] });
      },
      async isAway(room) {
        const device = pick(devices);
        device.stop();
        for (let n = roll(4); n > 0; n--) await tries(pick(['says', 'answers', 'recalls', 'edits']), room);
        device.start();
        await isLive(device);
      },
    };
    /** Editing or pinning what was recalled is refused, as it should be. */
    const tries = (act: string, room: string) =>
      acts[act]!(room, pick(said.get(room)!)).catch((error: unknown) => {
        if (!String(error).includes('conflict')) throw error;
      });
    const often = ['says', 'says', 'says', 'answers', 'answers', 'answers', 'edits', 'recalls'];
    const seldom = ['marks', 'marks', 'marksElsewhere', 'marksUnread', 'marksThread', 'pins', 'comesAndGoes', 'isAway'];

    for (const room of rooms) await acts['says']!(room, undefined);
    for (let round = 0; round < 4; round++) {
      if (line) line.passes = lossy;
      for (let n = 0; n < 40; n++) {
        const room = pick(rooms);
        await tries(pick(roll(2) ? often : seldom), room);
      }
      if (line) await closeStreams();
      expect(await recount(world.db)).toEqual([]);
      for (const [at, device] of devices.entries()) await agrees(device, clients[at]!, rooms);
    }
  },
);
