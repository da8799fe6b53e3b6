import { Decoder, Encoder, type Packet } from 'socket.io-parser';

/**
 * Socket.IO's own parser for packets of text. No call takes bytes, so packets that announce attachments are refused instead of waited for;
 * and text is decoded without memory of what came before, so all connections share one decoder instead of holding one each.
 */

let decoded: Packet | null = null;
const shared = new Decoder();
shared.on('decoded', (packet: Packet) => void (decoded = packet));

/** What a connection holds for a decoder: whom to tell. */
class TextDecoder {
  #tell: ((packet: Packet) => void) | null = null;

  on(_event: 'decoded', tell: (packet: Packet) => void): void {
    this.#tell = tell;
  }

  removeListener(): void {
    this.#tell = null;
  }

  destroy(): void {
    this.#tell = null;
  }

  /** Throws for whatever is no packet; the library then closes the connection. */
  add(data: unknown): void {
    if (typeof data !== 'string') throw new Error('this door takes text');
    if (data.startsWith('5') || data.startsWith('6')) throw new Error('this door takes no attachments');
    decoded = null;
    shared.add(data);
    const packet = decoded;
    if (packet !== null) this.#tell?.(packet);
  }
}

export const textParser = { Encoder, Decoder: TextDecoder };
