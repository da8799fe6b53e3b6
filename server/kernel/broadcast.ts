/** Placeholder shape until the frames land: see the type the rest of the house relies on. */
export type Broadcast = {
  /** Sends one event to every connection in a room; `text` is the payload, already JSON. `except` leaves out one person's connections. */
  toRoom(room: string, event: string, text: string, except?: string): void;
  /** Puts every connection of a person into a room, or takes them out. */
  joinPerson(personId: string, room: string): void;
  leavePerson(personId: string, room: string): void;
};
