import type { Duplex } from 'node:stream';
import type { ByeEvent } from '@parley/protocol/sync.ts';
import type { Owed } from './frames.ts';

/** What a seat needs of its connection. */
export type Link = {
  /** The byte stream under the WebSocket. */
  readonly wire: Duplex;
  /** Ends the connection; the goodbye has been written already. */
  close(bye: ByeEvent): void;
};

/** One connection of one person on one device: who hears, and what it is owed within this tick. */
export class Seat {
  readonly personId: string;
  readonly deviceId: string;
  readonly link: Link;
  owed: Owed | null = null;
  /** Frames wait until the connection is open: nothing may come before the library's own greeting. */
  open = false;
  /** Bytes it asked for itself and has not read yet: a long answer does not make a slow reader. */
  asked = 0;
  /** The rooms it sits in, and its index in each. */
  readonly rooms: Room[] = [];
  readonly places: number[] = [];
  /** How many readings of the store are under way whose rooms it will enter; its arrival is one. */
  entering = 1;
  /** Rooms it was taken out of while it was entering. */
  left: Set<string> | null = null;

  constructor(personId: string, deviceId: string, link: Link) {
    this.personId = personId;
    this.deviceId = deviceId;
    this.link = link;
  }
}

/** The seats of one room, dense: a broadcast walks an array. `slots[i]` is where seat i keeps this room in its own list. */
export class Room {
  readonly name: string;
  readonly seats: Seat[];
  readonly slots: number[];

  /** Begins with one seat: most rooms are a person's own with one connection in it, and a list begun empty makes room for seventeen. */
  constructor(name: string, seat: Seat, slot: number) {
    this.name = name;
    this.seats = [seat];
    this.slots = [slot];
  }
}

/** Rooms by name. A room exists while somebody sits in it; entering and leaving cost the same however full it is. */
export class Rooms {
  readonly #byName = new Map<string, Room>();

  get(name: string): Room | undefined {
    return this.#byName.get(name);
  }

  /** Puts a seat into a room; sitting there already changes nothing. */
  enter(seat: Seat, name: string): void {
    const room = this.#byName.get(name);
    if (room === undefined) {
      const made = new Room(name, seat, seat.rooms.length);
      this.#byName.set(name, made);
      seat.rooms.push(made);
      seat.places.push(0);
    } else if (slotOf(seat, room) < 0) {
      seat.places.push(room.seats.push(seat) - 1);
      room.slots.push(seat.rooms.push(room) - 1);
    }
  }

  leave(seat: Seat, name: string): void {
    const room = this.#byName.get(name);
    const slot = room === undefined ? -1 : slotOf(seat, room);
    if (slot >= 0) this.#remove(seat, slot);
  }

  leaveAll(seat: Seat): void {
    while (seat.rooms.length > 0) this.#remove(seat, seat.rooms.length - 1);
  }

  /** The last seat of the room takes the empty place, and the last room of the seat the empty slot. */
  #remove(seat: Seat, slot: number): void {
    const room = seat.rooms[slot]!;
    const place = seat.places[slot]!;
    const lastSeat = room.seats.pop()!;
    const lastSlot = room.slots.pop()!;
    if (place < room.seats.length) {
      room.seats[place] = lastSeat;
      room.slots[place] = lastSlot;
      lastSeat.places[lastSlot] = place;
    }
    const lastRoom = seat.rooms.pop()!;
    const lastPlace = seat.places.pop()!;
    if (slot < seat.rooms.length) {
      seat.rooms[slot] = lastRoom;
      seat.places[slot] = lastPlace;
      lastRoom.slots[lastPlace] = slot;
    }
    if (room.seats.length === 0) this.#byName.delete(room.name);
  }
}

/** Where a seat keeps a room in its list, or -1; looks through whichever list is shorter. */
function slotOf(seat: Seat, room: Room): number {
  if (seat.rooms.length <= room.seats.length) return seat.rooms.indexOf(room);
  const place = room.seats.indexOf(seat);
  return place < 0 ? -1 : room.slots[place]!;
}
