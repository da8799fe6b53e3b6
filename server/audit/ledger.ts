import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { now } from '../kernel/clock.ts';
import { partKey } from '../kernel/parts.ts';

/*
 * The ledger of revocations, outside the database: which devices, invitations, roles, passwords and people were ended,
 * one line each, in `ledger.ndjson` beside the signed checkpoints. A copy of the database that is restored from a
 * backup does not know what was revoked since; it reads this before it serves (ledger-replay.ts).
 *
 * 1. Lines are appended and flushed to the disk by a watcher of the outbox (ledger-watcher.ts); ledger_position in the
 *    database follows.
 * 2. Each line is sealed with a key from the installation's secret over itself and the seal before it. A last line
 *    without its end was torn by a crash: it is cut off, and the watcher writes it again. Any other line that does not
 *    fit was not written by us: nothing starts on it.
 * 3. Of each subject only the newest line counts. When most lines are outlived, the file is written anew with those
 *    that count.
 */

/**
 * What a line is about, and since when. A state that is no revocation (a role granted again) only outdates the one
 * before it.
 */
export type LedgerLine = {
  number: number;
  /**
   * Milliseconds since 1970: when it was committed, or for a password what the database keeps as the time of its
   * change.
   */
  at: number;
  kind: 'device' | 'invitation' | 'reset' | 'role' | 'person' | 'password';
  subject: string;
  state: 'revoked' | 'restored';
};
export type LedgerEntry = Omit<LedgerLine, 'number'>;

export const ledger = partKey<Ledger>('ledger');

/** A ledger that cannot be relied on: the server does not start on it. */
export class LedgerFault extends Error {}

const dayMs = 86_400_000;
/** What would have ended by itself anyway needs no line: a device that is idle for 30 days, an invitation of a week. */
const keptMs: Partial<Record<LedgerLine['kind'], number>> = {
  device: 31 * dayMs,
  invitation: 8 * dayMs,
  reset: 2 * dayMs,
};

export class Ledger {
  readonly #file: string;
  readonly #key: Buffer;
  /** The newest line of each subject. */
  #newest = new Map<string, LedgerLine>();
  #seal = '';
  #number = 0;
  #lines = 0;
  #isRead = false;

  constructor(directory: string, key: Buffer) {
    this.#file = path.join(directory, 'ledger.ndjson');
    this.#key = key;
  }

  get file(): string {
    return this.#file;
  }

  /** The number of the last line. */
  get number(): number {
    return this.#number;
  }

  /** The newest line of each subject. */
  lines(): LedgerLine[] {
    return [...this.#newest.values()];
  }

  /**
   * Reads the file anew. Throws `LedgerFault` where a line is not as it was written. Answers whether a torn last line
   * has to be cut off.
   */
  async read(): Promise<{ isTorn: boolean }> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#newest = new Map();
    this.#seal = '';
    this.#number = 0;
    this.#lines = 0;
    for (const written of whole.split('\n').slice(0, -1)) {
      const { line, seal } = this.#check(written);
      this.#take(line, seal);
    }
    this.#isRead = true;
    return { isTorn: whole.length < text.length };
  }

  /**
   * Appends what is news, and flushes it to the disk. One process at a time may call this: the holder of the watcher's
   * lock. `atLeast` is the number the database knows: a ledger that was lost goes on above it.
   */
  async append(entries: readonly LedgerEntry[], atLeast: number): Promise<void> {
    if (!this.#isRead) await this.#takeUp();
    const fresh: LedgerLine[] = [];
    let number = Math.max(this.#number, atLeast);
    const newest = new Map<string, LedgerEntry>();
    for (const entry of entries) {
      const known = newest.get(nameOf(entry)) ?? this.#newest.get(nameOf(entry));
      // Seen before, or told by a copy of the database that is older than what is known.
      if (known && (entry.at < known.at || (entry.at === known.at && entry.state === known.state))) continue;
      newest.set(nameOf(entry), entry);
      fresh.push({ ...entry, number: ++number });
    }
    if (fresh.length === 0) return;
    try {
      await mkdir(path.dirname(this.#file), { recursive: true });
      const handle = await open(this.#file, 'a', 0o600);
      try {
        await this.#write(handle, fresh);
      } finally {
        await handle.close();
      }
      if (this.#lines > 2 * this.#newest.size + 1_000) await this.#compact();
    } catch (error) {
      // How much of it reached the file is unknown: it is read before anything is added.
      this.#isRead = false;
      throw error;
    }
  }

  async #takeUp(): Promise<void> {
    const { isTorn } = await this.read();
    if (isTorn) await this.#cutTorn();
  }

  async #cutTorn(): Promise<void> {
    const bytes = await readFile(this.#file);
    const handle = await open(this.#file, 'r+');
    try {
      await handle.truncate(bytes.lastIndexOf(10) + 1);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #write(handle: FileHandle, lines: readonly LedgerLine[]): Promise<void> {
    let seal = this.#seal;
    const sealed = lines.map((line) => ({ line, seal: (seal = this.#sealOf(line, seal)) }));
    await handle.appendFile(sealed.map(({ line, seal }) => `${JSON.stringify({ ...line, seal })}\n`).join(''));
    await handle.sync();
    for (const { line, seal } of sealed) this.#take(line, seal);
  }

  async #compact(): Promise<void> {
    const living = this.lines()
      .filter(({ kind, at }) => at > now() - (keptMs[kind] ?? Infinity))
      .sort((a, b) => a.number - b.number);
    // The last line stays whatever it is: it tells how far the ledger had come.
    const last = this.lines().find(({ number }) => number === this.#number);
    if (last && living.at(-1) !== last) living.push(last);
    const beside = `${this.#file}.new`;
    const handle = await open(beside, 'w', 0o600);
    this.#newest = new Map();
    this.#seal = '';
    this.#lines = 0;
    try {
      await this.#write(handle, living);
    } finally {
      await handle.close();
    }
    await rename(beside, this.#file);
    const folder = await open(path.dirname(this.#file), 'r');
    await folder.sync().finally(() => folder.close());
  }

  #take(line: LedgerLine, seal: string): void {
    this.#seal = seal;
    this.#number = line.number;
    this.#lines++;
    this.#newest.set(nameOf(line), line);
  }

  #check(written: string): { line: LedgerLine; seal: string } {
    try {
      const { seal, ...line } = JSON.parse(written) as LedgerLine & { seal: string };
      const expected = this.#sealOf(line, this.#seal);
      if (line.number > this.#number && timingSafeEqual(Buffer.from(expected), Buffer.from(String(seal))))
        return { line, seal };
    } catch {
      // Falls through: what cannot be read was not written by us.
    }
    throw new LedgerFault(
      `Line ${this.#lines + 1} of the ledger of revocations ${this.#file} is not as it was written, or it was written with another PARLEY_SECRET. Restore the file, or the secret; if both are lost for good, move the file away: a restored backup then revives what was revoked since.`,
    );
  }

  #sealOf({ number, at, kind, subject, state }: LedgerLine, before: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([before, number, at, kind, subject, state]))
      .digest('base64url');
  }
}

const nameOf = ({ kind, subject }: Pick<LedgerEntry, 'kind' | 'subject'>) => `${kind} ${subject}`;
