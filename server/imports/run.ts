import { idFrom } from '../kernel/ids.ts';
import type { Room } from './arrivals.ts';
import type { Line } from './lines.ts';
import type { MentionFinder } from './mentions.ts';
import { keyOfPlace, keyOfSpeaker } from './survey.ts';

/** What one run carries from batch to batch. */
export type Run = {
  source: string;
  people: Map<string, string>;
  rooms: Map<string, Room>;
  mentions: MentionFinder;
  answered: ReadonlySet<string>;
  /** Where the answered messages stand: conversation and root. */
  places: Map<string, { roomId: string; rootId: string }>;
  /** How to forget what the batch under way has added to all this. */
  undo: (() => void)[];
};

/** A message on its way: all that is known of it without asking the store. */
export type Wish = { id: string; room: Room; senderId: string; line: Line; body: string; mentions: string[] };

/** Works out ids and mentions; done while the store is busy with the batch before. */
export function prepare(run: Run, line: Line): Wish {
  return {
    id: idFrom(line.at, `${run.source}/${line.id}`),
    room: run.rooms.get(keyOfPlace(line))!,
    senderId: run.people.get(keyOfSpeaker(line.sender))!,
    line,
    ...run.mentions.name(line.text, line.mentions),
  };
}

/** A stored message that has the name of a wanted one. `body` is null when it was edited or recalled since. */
export type Existing = {
  wanted: number;
  id: string;
  roomId: string;
  senderId: string;
  rootId: string;
  body: string | null;
};

/** A message with its final numbers. */
export type Placed = {
  id: string;
  room: Room;
  senderId: string;
  line: Line;
  threadId: string | null;
  title: string | null;
  body: string;
  mentions: string[];
  seq: number;
  mainLine: number | null;
  rev: number;
  /** Its place in its thread; null for a root. */
  answer: number | null;
  answers: number;
  lastAnswerAt: number | null;
};
export type Joining = { roomId: string; userId: string; at: number; rev: number };
export type Root = {
  id: string;
  senderId: string;
  answers: number;
  lastAnswerAt: number;
  rev: number;
  roomId: string;
  inBatch: boolean;
};

/** Keeps in mind where a message stands that others answer. */
export function remember(run: Run, sourceId: string, roomId: string, rootId: string): void {
  if (run.answered.has(sourceId)) learn(run, run.places, sourceId, { roomId, rootId });
}

/** Adds to what the run knows, so that it is forgotten again if the batch under way does not happen. */
export function learn<K, V>(run: Run, known: Map<K, V>, key: K, value: V): void {
  const before = known.get(key);
  known.set(key, value);
  run.undo.push(() => (before === undefined ? known.delete(key) : known.set(key, before)));
}
