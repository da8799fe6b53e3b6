import * as ws from 'ws';
import type { Duplex } from 'node:stream';

/**
 * The one file that knows how a Socket.IO packet of the main namespace lies on the wire: `42["event",payload]` for an event and
 * `43<id>[answer]` for an acknowledgement, as the text of one WebSocket frame. Stock clients cannot tell these frames from the library's own
 * (frames.test.ts); making a frame once and writing it to everyone is what a broadcast costs least by.
 */

// `Sender.frame` is how ws itself frames; its types leave it out. Given text it would keep the text apart from the header: we give it bytes.
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] } };
type FrameOptions = { fin: boolean; opcode: number; mask: boolean; readOnly: boolean; rsv1: boolean };
const textFrame: FrameOptions = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };

const frame = (packet: string): Buffer => Buffer.concat(Sender.frame(Buffer.from(packet), textFrame));

/** The frame of one event; `text` is its payload, already JSON. */
export const eventFrame = (event: string, text: string): Buffer => frame(`42[${JSON.stringify(event)},${text}]`);

/** The frame that acknowledges call `id`; `text` is the answer, already JSON. */
export const answerFrame = (id: number, text: string): Buffer => frame(`43${id}[${text}]`);

/** Up to here, several frames are copied into one buffer: one write costs more than copying this much. */
const worthCopying = 65_536;

/**
 * A list of frames that somebody owes, as the branch of a tree: whoever owes the same frames in the same order holds the same branch, so the
 * list is put together once for all of them, and adding a frame to a thousand lists that are alike makes one new branch.
 */
export class Owed {
  /** Bytes of the whole list. */
  readonly bytes: number;
  readonly #before: Owed | null;
  readonly #frame: Buffer | null;
  #latest: Owed | null = null;
  #together: Buffer | null = null;

  constructor(before: Owed | null = null, last: Buffer | null = null) {
    this.#before = before;
    this.#frame = last;
    this.bytes = (before?.bytes ?? 0) + (last?.length ?? 0);
  }

  /** This list and one more frame. */
  and(next: Buffer): Owed {
    const latest = this.#latest;
    if (latest !== null && latest.#frame === next) return latest;
    return (this.#latest = new Owed(this, next));
  }

  /** Writes the list in one go. Every frame goes out whole, so the library's own writes fall between frames and never into one. */
  writeTo(wire: Duplex): void {
    if (this.#together !== null) return void wire.write(this.#together);
    if (this.bytes <= worthCopying || this.#before!.bytes === 0)
      return void wire.write((this.#together = this.#join()));
    wire.cork();
    for (const piece of this.#list()) wire.write(piece);
    wire.uncork();
  }

  #join(): Buffer {
    if (this.#before!.bytes === 0) return this.#frame!;
    return Buffer.concat(this.#list(), this.bytes);
  }

  #list(): Buffer[] {
    const frames: Buffer[] = [];
    if (this.#frame !== null) frames.push(this.#frame);
    for (let at = this.#before; at !== null && at.#frame !== null; at = at.#before) frames.push(at.#frame);
    return frames.reverse();
  }
}
