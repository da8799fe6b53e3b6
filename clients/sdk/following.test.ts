import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import { faults } from '@parley/protocol/errors.ts';
import type { Calls } from './connection.ts';
import { noAnswer, ParleyError } from './failure.ts';
import { createFollowing, type Following } from './following.ts';
import { openTimeline, type OpenTimeline } from './open-timeline.ts';
import { createStore } from './store.ts';
import { Room } from './testing/room.ts';
import { createTopics } from './topics.ts';
import type { Place } from './client.ts';

const mine: Mine = {
  role: 'member',
  readLine: 0,
  unreadFrom: null,
  unread: 0,
  mentions: 0,
  muted: false,
  pinned: false,
  urev: 1,
  head: 0,
  threads: [],
};

/** A device with the real following, store and timelines, on a line to a `Room` that answers late, loses, doubles and breaks. */
class Device {
  readonly room: Room;
  readonly store;
  readonly following: Following;
  readonly calls: Calls;
  readonly asked: string[] = [];
  isLive = true;
  isMember = true;

  constructor(room: Room) {
    this.room = room;
    this.calls = {
      isLive: () => this.isLive,
      call: (async (name: string, input: never) => {
        this.asked.push(name);
        if (!this.isLive) throw noAnswer();
        await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 80));
        if (!this.isMember) throw new ParleyError({ code: 'not_found', fault: faults.not_found, message: 'not there' });
        const answer = structuredClone(this.answer(name, input));
        await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 80));
        if (!this.isLive) throw noAnswer();
        return answer;
      }) as Calls['call'],
    };
    this.store = createStore(createTopics(), () => undefined);
    this.store.start(
      {
        me: {
          id: 'me',
          name: 'Ada',
          kind: 'person',
          status: 'active',
          title: null,
          department: null,
          permissions: [],
          readRevisions: 'members',
          creates: [],
        },
        head: 1,
        changed: [this.summary()],
        left: [],
        people: [],
      },
      true,
    );
    this.following = createFollowing(this.calls, this.store, () => undefined);
  }

  answer(
    name: string,
    input: { since: number; limit: number; before?: number; after?: number; around?: number; threadId?: string },
  ): unknown {
    if (name === 'sync:conversation') return this.room.catchUp(input.since, 3);
    if (name === 'history:page') return this.room.page({ ...input, limit: 5 });
    return this.summary();
  }

  summary(): Summary {
    const { room } = this;
    const last = room.messages.at(-1);
    return {
      conversation: {
        id: 'c',
        kind: 'group',
        name: 'c',
        purpose: '',
        visibility: 'private',
        threading: 'replies',
        createdAt: 0,
        archivedAt: null,
        rev: 0,
      },
      lastSeq: room.messages.length,
      lastLine: room.lastLine,
      head: room.head,
      memberCount: 2,
      peerId: null,
      mine: { ...mine, unread: room.lastLine, head: room.head },
      last: last
        ? { senderId: last.senderId, body: last.body, at: last.at, seq: last.seq, recalled: last.recalledAt !== null }
        : null,
    };
  }

  timeline(threadId: string | null): OpenTimeline {
    return openTimeline(
      { calls: this.calls, following: this.following, store: this.store, pending: () => [], closed: () => undefined },
      'c',
      threadId,
    );
  }

  /** What the connection's first call does after a line has come back. */
  reconnect(): void {
    this.isLive = true;
    const told = this.summary();
    if (this.following.heads()['c'] !== told.head) {
      this.store.start({ me: this.store.me!, head: 1, changed: [told], left: [], people: [] }, false);
      this.following.told([told]);
    }
    this.following.connected();
  }
}

const rows = (timeline: OpenTimeline) =>
  timeline.entries.map((entry) => (entry.kind === 'message' ? entry.message : entry.pending));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fate = fc.constantFrom('now' as const, 'now' as const, 'late' as const, 'twice' as const, 'lost' as const);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('send' as const, 'answer' as const, 'edit' as const, 'recall' as const, 'member' as const),
      which: fc.nat(),
      fate,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('older' as const, 'newer' as const), which: fc.nat({ max: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      which: fc.nat({ max: 1 }),
      place: fc.oneof(fc.constantFrom<Place>('newest', 'unread'), fc.record({ seq: fc.integer({ min: 1, max: 30 }) })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('line down' as const, 'line up' as const) }) },
);

describe('open timelines', () => {
  test.each([Infinity, 6])(
    'and the list are what the server has, whatever the line did (replay at most %s changes)',
    async (farBehind) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
          const room = new Room();
          for (let count = 0; count < 12; count++) room.send('ben', `before ${count}`);
          room.farBehind = farBehind;
          const device = new Device(room);
          const timelines = [device.timeline(null), device.timeline('m3')] as const;
          for (const timeline of timelines) void timeline.open();
          let sent = room.events.length;
          for (const one of steps) {
            const some = 'which' in one ? one.which % room.messages.length : 0;
            if (one.do === 'send') room.send(one.which % 4 === 0 ? 'me' : 'ben', `said ${room.head}`);
            if (one.do === 'answer')
              room.send(
                'ben',
                `answer ${room.head}`,
                one.which % 3 === 0 ? 'm3' : room.shown(null).at(-1 - (one.which % 3))!.id,
              );
            if (one.do === 'edit') room.edit(some, `edited ${room.head}`);
            if (one.do === 'recall') room.recall(some);
            if (one.do === 'member') room.member('cleo');
            for (const event of room.events.slice(sent)) {
              if (!('fate' in one) || one.fate === 'lost' || !device.isLive) continue;
              if (one.fate === 'late') setTimeout(() => device.isLive && device.following.hear(event), 120);
              else for (let times = one.fate === 'twice' ? 2 : 1; times > 0; times--) device.following.hear(event);
            }
            sent = room.events.length;
            if (one.do === 'wait') await vi.advanceTimersByTimeAsync(one.ms);
            if (one.do === 'older' || one.do === 'newer') void timelines[one.which]![one.do]().catch(() => undefined);
            if (one.do === 'open') void timelines[one.which]!.open(one.place).catch(() => undefined);
            if (one.do === 'line down') device.isLive = false;
            if (one.do === 'line up' && !device.isLive) device.reconnect();
          }
          device.isLive = false;
          device.reconnect();
          await vi.advanceTimersByTimeAsync(120_000);
          for (const timeline of timelines) {
            expect(timeline.state).toBe('ready');
            const [all, shown] = [room.shown(timeline.threadId), rows(timeline)] as const;
            const [first, last] = [messageSeq(shown[0]), messageSeq(shown.at(-1))];
            expect(shown).toEqual(all.filter(({ seq }) => seq >= first && seq <= last));
            expect(timeline.hasOlder || first === all[0]!.seq).toBe(true);
            expect(timeline.hasNewer || last === all.at(-1)!.seq).toBe(true);
          }
          const told = device.summary();
          const known = device.store.conversations.get('c')!;
          expect({ ...known, mine: null }).toEqual({ ...told, mine: null });
          for (const timeline of timelines) timeline.close();
          device.following.clear();
        }),
        { numRuns: 150 },
      );
    },
  );

  test('wait a moment for a missing event before they ask', async () => {
    const room = new Room();
    room.send('ben', 'before');
    const device = new Device(room);
    const timeline = device.timeline(null);
    void timeline.open();
    await vi.advanceTimersByTimeAsync(1_000);
    device.asked.length = 0;
    room.send('ben', 'first');
    room.send('ben', 'second');
    const [first, second] = room.events.slice(-2);
    device.following.hear(second!);
    await vi.advanceTimersByTimeAsync(100);
    device.following.hear(first!);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(device.asked).toEqual([]);
    expect(rows(timeline)).toEqual(room.shown(null));
    room.send('ben', 'third, lost');
    room.send('ben', 'fourth');
    device.following.hear(room.events.at(-1)!);
    await vi.advanceTimersByTimeAsync(400);
    expect(device.asked).toEqual(['sync:conversation']);
    expect(rows(timeline)).toEqual(room.shown(null));
  });

  test('say so when the conversation may not be read any more', async () => {
    const room = new Room();
    room.send('ben', 'before');
    const device = new Device(room);
    const timeline = device.timeline(null);
    void timeline.open();
    await vi.advanceTimersByTimeAsync(1_000);
    device.isMember = false;
    device.following.notice('c', room.head + 1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(timeline.state).toBe('failed');
    expect(timeline.error?.code).toBe('not_found');
  });

  test('open when the line comes back, if it was down', async () => {
    const room = new Room();
    room.send('ben', 'before');
    const device = new Device(room);
    device.isLive = false;
    const timeline = device.timeline(null);
    const opened = timeline.open();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(timeline.state).toBe('opening');
    device.reconnect();
    await vi.advanceTimersByTimeAsync(60_000);
    await opened;
    expect(rows(timeline)).toEqual(room.shown(null));
  });
});

const messageSeq = (row: object | undefined): number => (row && 'seq' in row ? Number(row.seq) : 0);
