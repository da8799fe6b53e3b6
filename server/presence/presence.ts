import type { Answers, CallPayload } from '@parley/protocol/catalogue.ts';
import type { PresenceState } from '@parley/protocol/sync.ts';
import type { Permission } from '@parley/protocol/permissions.ts';
import { authority } from '../kernel/authority.ts';
import type { Broadcast, Seat } from '../kernel/broadcast.ts';
import { now } from '../kernel/clock.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { partKey } from '../kernel/parts.ts';
import type { House, Work } from '../kernel/work.ts';
import { reachableBy } from '../users/visibility.ts';

/*
 * Who is there. Nothing of this is ever stored: it lives in memory, is told only to those who look at a list with these people in it, and
 * losing any of it costs nothing. Typing is its neighbour: typing.ts.
 */

const room = 'presence:';
const grace = 5_000;
const everySecond = 1_000;

export const presence = partKey<Presence>('presence');

/** Says how present this connection is. A person is as present as their most present connection. */
export async function set(work: Work, { state }: CallPayload<'presence:set'>): Promise<Answers['presence:set']> {
  const { seat } = work.doorway;
  if (seat) work.use(presence).set(seat, state);
  return {};
}

/** The states of these people now; their changes follow on this connection, instead of those of an earlier call. */
export async function watch(
  work: Work,
  { userIds }: CallPayload<'presence:watch'>,
): Promise<Answers['presence:watch']> {
  const { seat } = work.doorway;
  const here = work.use(presence);
  const seen = new Set(await here.seenBy(work.house, work.person(), userIds));
  if (seat) here.watch(seat, seen);
  return { states: Object.fromEntries(userIds.map((id) => [id, seen.has(id) ? here.stateOf(id) : 'offline'])) };
}

/**
 * Ends watching where the right to see ends: when a person's rights change, and for people without `people.read` when a
 * membership ends that let them see each other. What is still seen is watched on; a right given back is used by asking
 * again.
 */
export function followSight(house: House): void {
  const { broadcast, events, parts } = house;
  const here = parts.use(presence);
  const look = async (personId: string, seats: readonly Seat[]): Promise<void> => {
    here.sightMoved(personId);
    const limited = seats.filter(({ personId }) => !parts.use(authority).allows(personId, 'people.read'));
    const watching = limited.map((seat) => ({ seat, watched: here.watchedBy(seat) }));
    for (const { seat } of watching) here.watch(seat, new Set());
    for (const { seat, watched } of watching)
      if (watched.length > 0) here.watch(seat, new Set(await here.seenBy(house, seat.personId, watched)));
  };
  for (const type of ['role.granted', 'role.withdrawn'])
    events.on(type, ({ payload }) => {
      const personId = String(payload['userId']);
      return look(personId, [...broadcast.seatsOf(personId)]);
    });
  events.on('member.removed', ({ payload }) => {
    const personId = String(payload['userId']);
    return look(personId, [...broadcast.seatsOf(personId), ...broadcast.seatsIn(room + personId)]);
  });
}

/** A question, being asked, who of these people is seen. */
type Reading = { people: ReadonlySet<string>; stale: boolean };

/**
 * The states of everybody connected to this process.
 * 1. Changes gather for up to a second and are told only where the state differs from what was told last: a reload is no news.
 * 2. Somebody without a connection counts as offline after five seconds of grace.
 * 3. Watching is sitting in a room per person, so whoever leaves stops watching by leaving.
 */
export class Presence implements LongLived {
  readonly name = 'presence';
  readonly #broadcast: Broadcast;
  /** What was told last of everybody who is not offline. */
  readonly #told = new Map<string, PresenceState>();
  /** People whose state may have changed, and since when they have had no connection. */
  readonly #moved = new Map<string, number | null>();
  readonly #away = new WeakSet<Seat>();
  readonly #readings = new Set<Reading>();

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
    broadcast.whenGone((seat) => this.#move(seat.personId));
  }

  /** For the socket door: somebody came. */
  arrive(seat: Seat): void {
    this.#move(seat.personId);
  }

  set(seat: Seat, state: 'online' | 'away'): void {
    if (state === 'away') this.#away.add(seat);
    else this.#away.delete(seat);
    this.#move(seat.personId);
  }

  stateOf(personId: string): PresenceState {
    const seats = this.#broadcast.seatsOf(personId);
    if (seats.length === 0) return this.#told.get(personId) ?? 'offline';
    return seats.every((seat) => this.#away.has(seat)) ? 'away' : 'online';
  }

  /**
   * Those of these people a person may watch: everybody with `people.read`, otherwise those they share a conversation
   * with.
   */
  async seenBy(house: House, personId: string, ids: readonly string[]): Promise<readonly string[]> {
    const may = (permission: Permission) => house.parts.use(authority).allows(personId, permission);
    for (let attempt = 0; attempt < 20; attempt++) {
      if (may('people.read')) return ids;
      const reading: Reading = { people: new Set([personId, ...ids]), stale: false };
      this.#readings.add(reading);
      try {
        const seen = await reachableBy(house.db, personId, may, ids);
        if (!reading.stale) return seen;
      } finally {
        this.#readings.delete(reading);
      }
    }
    return [];
  }

  /** Whom this person sees, and who sees them, has changed: what is being read of it is read again. */
  sightMoved(personId: string): void {
    for (const reading of this.#readings) reading.stale ||= reading.people.has(personId);
  }

  watchedBy = (seat: Seat): string[] =>
    seat.rooms.filter(({ name }) => name.startsWith(room)).map(({ name }) => name.slice(room.length));

  watch(seat: Seat, personIds: ReadonlySet<string>): void {
    const watched = new Set(this.watchedBy(seat));
    for (const id of watched) if (!personIds.has(id)) this.#broadcast.silence(seat, room + id);
    for (const id of personIds) if (!watched.has(id)) this.#broadcast.join(seat, room + id);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(everySecond, signal);
      this.#tell();
    }
  }

  #move(personId: string): void {
    this.#moved.set(personId, this.#broadcast.seatsOf(personId).length === 0 ? now() : null);
  }

  #tell(): void {
    for (const [personId, goneSince] of [...this.#moved]) {
      if (goneSince !== null && now() - goneSince < grace) continue;
      this.#moved.delete(personId);
      const state = goneSince === null ? this.stateOf(personId) : 'offline';
      if (state === (this.#told.get(personId) ?? 'offline')) continue;
      if (state === 'offline') this.#told.delete(personId);
      else this.#told.set(personId, state);
      this.#broadcast.hint(room + personId, 'presence', JSON.stringify({ userId: personId, state }));
    }
  }
}
