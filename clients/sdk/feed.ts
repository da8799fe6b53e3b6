/**
 * A numbered stream as one device follows it: everything up to `cursor` is applied, nothing beyond it is missing unnoticed.
 * Live events are hints; the cursor moves by the next number or by an answer of the server, and by nothing else.
 */
export type Feed<T> = {
  cursor: number;
  /** The highest number heard of: from an event, an acknowledgement, a page. Above the cursor something is missing. */
  known: number;
  /**
   * The head of the last answer. Up to it everything comes by asking: an answer names each thing once, at its last change, so what a cut
   * answer has not reached yet may be missing although the numbers before it are done.
   */
  told: number;
  /** What came too early, by number. */
  held: Map<number, T>;
};

/** More than this many early events are not worth keeping: the server is asked anyway. */
const held = 1_000;

export const feedAt = <T>(cursor: number): Feed<T> => ({ cursor, known: cursor, told: cursor, held: new Map() });

export const isBehind = (feed: Feed<unknown>): boolean => feed.known > feed.cursor;

/** Takes one live event; answers what can be applied now, in order: nothing when it came twice or too early. */
export function hear<T>(feed: Feed<T>, number: number, event: T): T[] {
  notice(feed, number);
  if (number <= feed.cursor || number <= feed.told) return [];
  if (feed.held.size < held) feed.held.set(number, event);
  return drain(feed);
}

/** Something outside the stream proves that it has reached `number`. */
export function notice(feed: Feed<unknown>, number: number): void {
  feed.known = Math.max(feed.known, number);
}

/**
 * The server answered what lies in (`since`, `next`]; the caller has applied it. Answers what was held beyond that and can be applied now.
 * An answer that begins above the cursor (which was taken back meanwhile) says nothing about what lies between, and moves nothing.
 */
export function caughtUp<T>(feed: Feed<T>, since: number, next: number, head: number): T[] {
  notice(feed, head);
  if (since > feed.cursor) return [];
  feed.cursor = Math.max(feed.cursor, next);
  feed.told = Math.max(feed.told, head);
  for (const number of feed.held.keys()) if (number <= feed.told) feed.held.delete(number);
  return drain(feed);
}

/** Something was taken in that is only true as of `number`: whatever came after it has to be asked for again. */
export function takeBack(feed: Feed<unknown>, number: number): void {
  notice(feed, number);
  feed.cursor = Math.min(feed.cursor, number);
}

function drain<T>(feed: Feed<T>): T[] {
  const ready: T[] = [];
  for (let event = feed.held.get(feed.cursor + 1); event !== undefined; event = feed.held.get(feed.cursor + 1)) {
    feed.held.delete(++feed.cursor);
    ready.push(event);
  }
  return ready;
}
