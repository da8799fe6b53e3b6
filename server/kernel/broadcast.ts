import type { ByeEvent } from '@parley/protocol/sync.ts';
import { answerFrame, eventFrame, Owed } from './frames.ts';
import type { Logger } from './log.ts';
import { Rooms, Seat, type Link } from './rooms.ts';
import { cutConnections, deliveries } from './telemetry.ts';

export type { Link, Seat } from './rooms.ts';

/** The room of all connections of one person. */
export const personRoom = (personId: string): string => `user:${personId}`;

const everyone = 'everyone';
/** However much a connection asked for, it may not leave more than this lying unread beyond the cap. */
const mostAsked = 16_777_216;
const resync: ByeEvent = {
  code: 'resync',
  message: 'This connection did not read what it was sent. Connect again and ask for what is missing.',
};
const unsettled: ByeEvent = { code: 'resync', message: 'What you may hear has changed. Connect again.' };

/**
 * Says things to connections.
 * 1. An event becomes one frame, once; every seat that hears it owes that same frame.
 * 2. What a seat is owed within one tick leaves in one write. Seats owed the same list share its bytes.
 * 3. Frames of one seat leave in the order they were said, events and answers alike.
 * 4. A seat whose unread bytes exceed the cap loses what it is owed, hears `bye` with `resync`, and is closed: events are hints, and its
 *    client asks for what is missing when it is back. One that cannot even read the goodbye is dropped by its door a little later.
 */
export class Broadcast {
  readonly #rooms = new Rooms();
  readonly #slowReaderBytes: number;
  readonly #log: Logger;
  readonly #goneListeners: ((seat: Seat) => void)[] = [];
  #dirty: Seat[] = [];
  #nothing = new Owed();
  readonly #flush = (): void => this.#payAll();

  constructor(log: Logger, options: { slowReaderBytes?: number } = {}) {
    this.#log = log;
    this.#slowReaderBytes = options.slowReaderBytes ?? 1_048_576;
  }

  /** A new seat in its person's room. It may enter rooms at once, and begins to hear with `open`. */
  seat(personId: string, deviceId: string, link: Link): Seat {
    const seat = new Seat(personId, deviceId, link);
    this.#rooms.enter(seat, personRoom(personId));
    this.#rooms.enter(seat, everyone);
    return seat;
  }

  /** From now on the seat hears; what was said to it while it entered its rooms comes first. */
  open(seat: Seat): void {
    seat.open = true;
    this.entered(seat);
    if (seat.owed !== null) this.#mark(seat);
  }

  /** The connection is gone. */
  remove(seat: Seat): void {
    if (seat.rooms.length === 0) return;
    seat.open = false;
    seat.owed = null;
    this.#rooms.leaveAll(seat);
    for (const listener of this.#goneListeners) listener(seat);
  }

  /**
   * A seat's rooms are about to be read from the store. Until `entered`, a leave that is announced is newer than what
   * was read and wins; otherwise a person removed in that moment would go on listening. A seat that arrives is entering
   * until it is opened.
   */
  entering(seat: Seat): void {
    seat.entering++;
  }

  entered(seat: Seat): void {
    seat.entering--;
    if (seat.entering === 0) seat.left = null;
  }

  /** Enters a room, unless a leave was announced while the seat was entering. */
  join(seat: Seat, room: string): void {
    if (seat.rooms.length > 0 && !seat.left?.has(room)) this.#rooms.enter(seat, room);
  }

  leave(seat: Seat, room: string): void {
    if (seat.entering > 0) (seat.left ??= new Set()).add(room);
    this.#rooms.leave(seat, room);
  }

  /**
   * Takes a seat out of a room for now: unlike a leave, this says nothing of what is read from the store meanwhile, and
   * a join may follow.
   */
  silence(seat: Seat, room: string): void {
    this.#rooms.leave(seat, room);
  }

  /** Puts every connection of a person into a room. */
  joinPerson(personId: string, room: string): void {
    for (const seat of this.seatsOf(personId)) {
      seat.left?.delete(room);
      this.#rooms.enter(seat, room);
    }
  }

  leavePerson(personId: string, room: string): void {
    for (const seat of this.seatsOf(personId)) this.leave(seat, room);
  }

  /** The connections of a person now. The list is the room's own: copy it before changing who is in it. */
  seatsOf(personId: string): readonly Seat[] {
    return this.#rooms.get(personRoom(personId))?.seats ?? [];
  }

  /** The connections in a room now. The list is the room's own: copy it before changing who is in it. */
  seatsIn(room: string): readonly Seat[] {
    return this.#rooms.get(room)?.seats ?? [];
  }

  /** How many connections hear what is said in a room. */
  countIn(room: string): number {
    return this.#rooms.get(room)?.seats.length ?? 0;
  }

  /** All connections now. */
  seats(): readonly Seat[] {
    return this.#rooms.get(everyone)?.seats ?? [];
  }

  /** Says one event to every connection in a room; `text` is the payload, already JSON. `exceptPersonId` leaves out one person's connections. */
  toRoom(room: string, event: string, text: string, exceptPersonId?: string): void {
    const seats = this.#rooms.get(room)?.seats;
    if (seats === undefined) return;
    const frame = eventFrame(event, text);
    deliveries.inc(seats.length);
    for (let i = 0; i < seats.length; i++) {
      const seat = seats[i]!;
      if (exceptPersonId === undefined || seat.personId !== exceptPersonId) this.#owe(seat, frame);
    }
  }

  /** As `toRoom`, for what may be lost: whoever has anything unread is passed by, so that hints never stand before news. */
  hint(room: string, event: string, text: string, exceptPersonId?: string): void {
    const seats = this.#rooms.get(room)?.seats;
    if (seats === undefined) return;
    const frame = eventFrame(event, text);
    for (const seat of seats) {
      if (seat.personId !== exceptPersonId && seat.link.wire.writableLength === 0) this.#owe(seat, frame);
    }
  }

  /** Hears of every seat that is given up. */
  whenGone(listener: (seat: Seat) => void): void {
    this.#goneListeners.push(listener);
  }

  toSeat(seat: Seat, event: string, text: string): void {
    this.#owe(seat, eventFrame(event, text));
  }

  /** Acknowledges call `id` of a connection; `text` is the answer, already JSON. */
  answer(seat: Seat, id: number, text: string): void {
    const frame = answerFrame(id, text);
    if (seat.owed === null && seat.link.wire.writableLength === 0) seat.asked = 0;
    seat.asked = Math.min(seat.asked + frame.length, mostAsked);
    this.#owe(seat, frame);
  }

  /** Ends every connection of a device at once, telling it why. */
  cutDevice(deviceId: string, bye: ByeEvent): void {
    for (const seat of this.seats().filter((one) => one.deviceId === deviceId)) this.cut(seat, bye);
  }

  /** Has every connection of a person come back anew: what they hear could not be settled while they are open. */
  resyncPerson(personId: string): void {
    this.cutPerson(personId, unsettled);
  }

  /** Ends every connection of a person at once, telling it why. */
  cutPerson(personId: string, bye: ByeEvent): void {
    for (const seat of [...this.seatsOf(personId)]) this.cut(seat, bye);
  }

  /** Ends one connection: what it is owed, the goodbye, and nothing after. */
  cut(seat: Seat, bye: ByeEvent): void {
    const { wire } = seat.link;
    const owed = this.#unread(seat) > this.#slowReaderBytes ? null : seat.owed;
    if (seat.open && wire.writable) (owed ?? this.#nothing).and(eventFrame('bye', JSON.stringify(bye))).writeTo(wire);
    this.remove(seat);
    seat.link.close(bye);
  }

  /** Cuts slow readers to whom nothing more was said since they fell behind. Called every few seconds. */
  sweep(): void {
    for (const seat of [...this.seats()]) if (this.#unread(seat) > this.#slowReaderBytes) this.#cutSlow(seat);
  }

  /** Whether a connection reads so slowly that it must not ask for more. */
  behind(seat: Seat): boolean {
    return seat.link.wire.writableLength > this.#slowReaderBytes;
  }

  #owe(seat: Seat, frame: Buffer): void {
    if (seat.owed === null) {
      seat.owed = this.#nothing.and(frame);
      if (seat.open) this.#mark(seat);
    } else {
      seat.owed = seat.owed.and(frame);
    }
  }

  #mark(seat: Seat): void {
    if (this.#dirty.push(seat) === 1) setImmediate(this.#flush);
  }

  #payAll(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    // A new root a tick: the old tree goes with the seats that let go of it.
    this.#nothing = new Owed();
    for (let i = 0; i < dirty.length; i++) this.#pay(dirty[i]!);
  }

  #pay(seat: Seat): void {
    const { owed } = seat;
    const { wire } = seat.link;
    if (owed === null || !seat.open || !wire.writable) return;
    if (this.#unread(seat) > this.#slowReaderBytes) return this.#cutSlow(seat);
    seat.owed = null;
    owed.writeTo(wire);
  }

  /** Bytes said to a seat that its connection has not taken, without those it asked for itself. */
  #unread(seat: Seat): number {
    return seat.link.wire.writableLength - seat.asked;
  }

  #cutSlow(seat: Seat): void {
    cutConnections.inc();
    this.#log.info(
      { personId: seat.personId, deviceId: seat.deviceId, unread: seat.link.wire.writableLength },
      'a connection that does not read was cut',
    );
    this.cut(seat, resync);
  }
}

export const createBroadcast = (log: Logger, options: { slowReaderBytes?: number } = {}): Broadcast =>
  new Broadcast(log, options);
