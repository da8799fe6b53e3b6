import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A line as it lies in the file; `text` is null when its bytes are no UTF-8 or there are too many of them. */
export type RawLine = { number: number; text: string | null; wrong?: string };
/** The lines of one stretch of the file, and how many bytes of it (as stored) have been read so far. */
export type Slice = { lines: RawLine[]; bytes: number };

export class ImportError extends Error {
  override readonly name = 'ImportError';
}

const longestLine = 4_000_000;
export const notUtf8 = 'its bytes are not UTF-8';

export const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;

/** Whether a file's name says that it is packed. One whose bytes say otherwise is refused before it is read. */
export const isNamedPacked = (file: string): boolean => /\.gz$/i.test(file);

/** The source a file stands for when nobody names one: its name without endings of format and packing. */
export const sourceOf = (file: string): string => path.basename(file).replace(/(\.ndjson|\.jsonl)?(\.gz)?$/i, '');

/**
 * Reads a file of lines, packed or not, a stretch at a time; never more of it is in memory than one stretch and one line.
 * A file that cannot be read, or a packed one that is cut short, throws `ImportError`.
 */
export async function* readSlices(file: string): AsyncGenerator<Slice> {
  const stored = createReadStream(file, { highWaterMark: 256 * 1024 });
  const lines = new LineCutter();
  try {
    // The pipeline hands a failing read on to its reader; the callback only keeps it from being thrown twice.
    const stream = isNamedPacked(file)
      ? pipeline(stored, createGunzip({ chunkSize: 512 * 1024 }), () => undefined)
      : stored;
    for await (const chunk of stream) {
      const found = lines.cut(chunk as Buffer);
      if (found.length > 0) yield { lines: found, bytes: stored.bytesRead };
    }
    const last = lines.end();
    if (last.length > 0) yield { lines: last, bytes: stored.bytesRead };
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    stored.destroy();
  }
}

/** Why a file could not be read, in a sentence; an error that is none of those passes through. */
export function unreadable(file: string, error: unknown): unknown {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ENOENT') return new ImportError(`${file}: there is no such file.`, { cause: error });
  if (code === 'EISDIR') return new ImportError(`${file} is a directory; name the files in it.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return new ImportError(`${file} may not be read by this user.`, { cause: error });
  if (code === 'Z_BUF_ERROR')
    return new ImportError(`${file} is cut short: its packing ends in the middle. Fetch it again.`, { cause: error });
  if (code.startsWith('Z_'))
    return new ImportError(`${file} is damaged: it cannot be unpacked to its end. Fetch it again.`, { cause: error });
  return error;
}

/** Cuts a stream of bytes into numbered lines. Empty lines are passed over but counted. */
class LineCutter {
  #rest: Buffer[] = [];
  #held = 0;
  #number = 0;
  /** Inside a line too long to hold: its bytes are let go until it ends. */
  #skipping = false;

  cut(chunk: Buffer): RawLine[] {
    const end = chunk.lastIndexOf(10);
    if (end === -1) {
      this.#keep(chunk);
      return [];
    }
    const whole = this.#held > 0 ? Buffer.concat([...this.#rest, chunk.subarray(0, end)]) : chunk.subarray(0, end);
    this.#rest = [];
    this.#held = 0;
    this.#keep(chunk.subarray(end + 1));
    return this.#lines(whole);
  }

  end(): RawLine[] {
    return this.#held > 0 || this.#skipping ? this.#lines(Buffer.concat(this.#rest)) : [];
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#rest.push(bytes);
    this.#held += bytes.length;
    if (this.#held <= longestLine) return;
    this.#skipping = true;
    this.#rest = [];
    this.#held = 0;
  }

  #lines(bytes: Buffer): RawLine[] {
    const found: RawLine[] = [];
    // Decoding a stretch at once is several times cheaper than line by line; only a stretch with bad bytes pays for looking closer.
    const texts = isUtf8(bytes)
      ? bytes.toString('utf8').split('\n')
      : splitBytes(bytes).map((line) => (isUtf8(line) ? line.toString('utf8') : null));
    for (let text of texts) {
      this.#number++;
      if (this.#number === 1 && text?.startsWith('\uFEFF')) text = text.slice(1);
      if (this.#skipping) {
        this.#skipping = false;
        found.push({
          number: this.#number,
          text: null,
          wrong: `longer than ${longestLine.toLocaleString('en')} bytes`,
        });
      } else if (text === null) found.push({ number: this.#number, text, wrong: notUtf8 });
      else if (text.trim() !== '') found.push({ number: this.#number, text });
    }
    return found;
  }
}

function splitBytes(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(10); to !== -1; to = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  lines.push(bytes.subarray(from));
  return lines;
}
