import type { Answers, CallPayload } from '@parley/protocol/catalogue.ts';
import type { PresenceState } from '@parley/protocol/sync.ts';
import type { Broadcast, Seat } from '../kernel/broadcast.ts';
import { now } from '../kernel/clock.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';

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
  const visible = await visibleAmong(work, userIds);
  const { seat } = work.doorway;
  const here = work.use(presence);
  if (seat) here.watch(seat, visible);
  return { states: Object.fromEntries(userIds.map((id) => [id, visible.includes(id) ? here.stateOf(id) : 'offline'])) };
}

/** Whoever may see the people of the organisation sees them all; a guest sees those they share a conversation with. */
async function visibleAmong(work: Work, userIds: string[]): Promise<string[]> {
  if (work.may('people.read')) return userIds;
  const rows = await work.db.rows<{ id: string }>(
    `select distinct theirs.user_id as id from members mine join members theirs using (conversation_id)
     where mine.user_id = $1 and mine.left_at is null and theirs.left_at is null and theirs.user_id = any($2::uuid[])`,
    [work.person(), userIds],
    'presence visible',
  );
  return rows.map((row) => row.id);
}

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

  watch(seat: Seat, personIds: readonly string[]): void {
    const wanted = new Set(personIds.map((id) => room + id));
    for (const { name } of [...seat.rooms])
      if (name.startsWith(room) && !wanted.delete(name)) this.#broadcast.leave(seat, name);
    for (const name of wanted) this.#broadcast.join(seat, name);
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
