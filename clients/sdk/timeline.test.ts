import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CaughtUp, ChangeEvent } from '@parley/protocol/sync.ts';
import type { Page } from '@parley/protocol/messages.ts';
import { caughtUp, feedAt, hear, isBehind, notice, takeBack } from './feed.ts';
import { Room } from './testing/room.ts';
import { emptyWindow, takeChange, takeMessage, takePage, type Window } from './timeline.ts';

/** One device: a stream and two windows on it, joined as `following.ts` joins them, but every answer arrives whenever the test says so. */
class Device {
  readonly room: Room;
  readonly windows: Window[];
  readonly feed;
  /** On its way to the device. */
  readonly travelling: (() => void)[] = [];

  constructor(room: Room, threadId: string) {
    this.room = room;
    this.windows = [emptyWindow(null), emptyWindow(threadId)];
    this.feed = feedAt<ChangeEvent>(room.head);
    for (const window of this.windows) this.fetchPage(window, 'all');
    this.arrive(0);
    this.arrive(0);
  }

  hear(event: ChangeEvent): void {
    for (const { change } of hear(this.feed, event.head, event))
      for (const window of this.windows) takeChange(window, change);
  }

  fetchPage(window: Window, end: 'all' | 'older' | 'newer', around?: number): void {
    const edge =
      end === 'older'
        ? { before: window.rows[0]?.seq }
        : end === 'newer'
          ? { after: window.rows.at(-1)?.seq }
          : { around };
    const page: Page = this.room.page({ threadId: window.threadId, ...edge });
    const rows = window.rows;
    this.travelling.push(() => {
      // A page for an edge that has moved meanwhile belongs to an earlier opening; see the number of openings in open-timeline.ts.
      if (end === 'older' && window.rows[0]?.seq !== rows[0]?.seq) return;
      if (end === 'newer' && (window.rows.at(-1)?.seq !== rows.at(-1)?.seq || !window.newer)) return;
      if (end === 'all') Object.assign(window, emptyWindow(window.threadId));
      takePage(window, page, end);
      takeBack(this.feed, page.head);
      notice(this.feed, page.head);
    });
  }

  catchUp(): void {
    const since = this.feed.cursor;
    const answer: CaughtUp = this.room.catchUp(since);
    this.travelling.push(() => {
      if (since > this.feed.cursor) return;
      for (const change of answer.changes) for (const window of this.windows) takeChange(window, change);
      for (const { change } of caughtUp(this.feed, since, answer.next, answer.head))
        for (const window of this.windows) takeChange(window, change);
    });
  }

  arrive(which: number): void {
    const [one] = this.travelling.splice(which % Math.max(1, this.travelling.length), 1);
    one?.();
  }

  /** Everything on its way arrives, and the device asks until nothing is missing. */
  settle(): void {
    notice(this.feed, this.room.head);
    for (let rounds = 0; isBehind(this.feed) || this.travelling.length > 0; rounds++) {
      if (rounds > 10_000) throw new Error('the device never catches up');
      if (this.travelling.length === 0) this.catchUp();
      this.arrive(0);
    }
  }
}

/** What may happen, in any order: on the server, on the way, and on the device. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), who: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'recall' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('member' as const) }) },
  // An event comes: any one of those sent so far, so it may be early, late, or the tenth time. What is never picked is lost.
  { weight: 12, arbitrary: fc.record({ do: fc.constant('event' as const), back: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('the next event' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('catch up' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('older' as const, 'newer' as const), which: fc.nat({ max: 1 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      which: fc.nat({ max: 1 }),
      around: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('acknowledged' as const) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('arrive' as const), which: fc.nat() }) },
);

function play(steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Device {
  const room = new Room();
  for (let count = 0; count < 12; count++) room.send('ada', `before ${count}`);
  const device = new Device(room, 'm3');
  for (const one of steps) {
    const some = 'which' in one ? one.which % room.messages.length : 0;
    if (one.do === 'send') room.send(`person ${one.who}`, `said ${room.head}`);
    if (one.do === 'answer')
      room.send(
        'ben',
        `answer ${room.head}`,
        one.which % 3 === 0 ? 'm3' : room.shown(null).at(-1 - (one.which % 3))!.id,
      );
    if (one.do === 'edit') room.edit(some, `edited ${room.head}`);
    if (one.do === 'recall') room.recall(some);
    if (one.do === 'member') room.member('cleo');
    if (one.do === 'event') {
      const event = room.events.at(-1 - one.back);
      if (event) device.hear(event);
    }
    if (one.do === 'the next event') {
      const event = room.events[device.feed.cursor];
      if (event) device.hear(event);
    }
    if (one.do === 'catch up') device.catchUp();
    if (one.do === 'older' || one.do === 'newer') device.fetchPage(device.windows[one.which]!, one.do);
    if (one.do === 'open') device.fetchPage(device.windows[one.which]!, 'all', one.around);
    if (one.do === 'acknowledged')
      for (const window of device.windows) takeMessage(window, { ...room.messages.at(-1)!, rev: 0 });
    if (one.do === 'arrive') device.arrive(one.which);
  }
  device.settle();
  return device;
}

describe('a device’s copy of a conversation', () => {
  test('equals the server’s, whatever was lost, doubled or late on the way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const { room, windows } = play(steps);
        for (const { rows, threadId, older, newer } of windows) {
          const all = room.shown(threadId);
          const [first, last] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
          // An unbroken run, each row as the server has it now, and no more than that behind either end that claims to be the end.
          expect(rows).toEqual(all.filter(({ seq }) => seq >= first && seq <= last));
          expect(older || first === all[0]!.seq).toBe(true);
          expect(newer || last === all.at(-1)!.seq).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('pays for the proof: without asking for gaps, copies differ', () => {
    const room = new Room();
    for (let count = 0; count < 3; count++) room.send('ada', `before ${count}`);
    const device = new Device(room, 'm1');
    room.edit(0, 'lost on the way');
    room.send('ada', 'heard');
    device.hear(room.events.at(-1)!);
    expect(isBehind(device.feed)).toBe(true);
    expect(device.windows[0]!.rows).not.toEqual(room.shown(null));
    device.settle();
    expect(device.windows[0]!.rows).toEqual(room.shown(null));
  });

  test('a window in the past does not follow live messages until its pages have reached the tail', () => {
    const room = new Room();
    for (let count = 0; count < 30; count++) room.send('ada', `said ${count}`);
    const device = new Device(room, 'm1');
    const [main] = device.windows as [Window];
    device.fetchPage(main, 'all', 3);
    device.settle();
    expect(main).toMatchObject({ older: false, newer: true });
    room.send('ben', 'live');
    device.hear(room.events.at(-1)!);
    expect(main.rows.at(-1)!.body).not.toBe('live');
    room.edit(2, 'edited');
    device.hear(room.events.at(-1)!);
    expect(main.rows[2]!.body).toBe('edited');
    while (main.newer) {
      device.fetchPage(main, 'newer');
      device.settle();
    }
    expect(main.rows).toEqual(room.shown(null));
    room.send('ben', 'live again');
    device.hear(room.events.at(-1)!);
    expect(main.rows.at(-1)!.body).toBe('live again');
  });

  test('rows keep their identity when another row changes', () => {
    const room = new Room();
    for (let count = 0; count < 3; count++) room.send('ada', `said ${count}`);
    const device = new Device(room, 'm1');
    const before = device.windows[0]!.rows;
    room.edit(1, 'edited');
    device.hear(room.events.at(-1)!);
    const after = device.windows[0]!.rows;
    expect(after).not.toBe(before);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[0]).toBe(before[0]);
    expect(after[2]).toBe(before[2]);
  });
});
