import { createHash, randomBytes } from 'node:crypto';
import { now } from './clock.ts';

let lastTime = 0;
let counter = 0;

/** A new UUIDv7 (RFC 9562 §5.7): sorted by time, and within a millisecond of this process by a counter in `rand_a`. */
export function newId(): string {
  const time = now();
  if (time > lastTime) {
    lastTime = time;
    counter = randomBytes(2).readUInt16BE() & 0x7ff;
  } else {
    counter++;
    // Borrow from the next millisecond rather than repeat or go back.
    if (counter > 0xfff) {
      lastTime++;
      counter = 0;
    }
  }
  const bytes = randomBytes(16);
  bytes[6] = counter >> 8;
  bytes[7] = counter;
  return format(bytes, lastTime);
}

/** The UUIDv7 of something that came from elsewhere: the same time and name give the same id, so importing twice stores once. */
export function idFrom(time: number, name: string): string {
  return format(createHash('sha256').update(name).digest().subarray(0, 16), Math.max(0, time));
}

function format(bytes: Buffer, time: number): string {
  bytes.writeUIntBE(Math.floor(time), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A secret of `bytes` random bytes, in URL-safe letters. */
export const newSecret = (bytes = 32): string => randomBytes(bytes).toString('base64url');
