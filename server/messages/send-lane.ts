import type { Client } from 'pg';
import { conflict, isOutage, malformed, notFound, outageOf, overloaded, Refused } from '../kernel/errors.ts';
import type { Database } from '../kernel/database.ts';
import { withDeadlockRetries } from '../kernel/deadlocks.ts';
import type { Logger } from '../kernel/log.ts';
import { partKey } from '../kernel/parts.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import type { Storage } from '../kernel/storage.ts';
import { laneBatch, laneWaiting } from '../kernel/telemetry.ts';

/** A message on its way to the store. */
export type Draft = {
  id: string;
  conversationId: string;
  senderId: string;
  clientId: string;
  body: string;
  threadId: string | null;
  title: string | null;
  mentions: string[];
};

/** What the store made of a draft. `isNew` is false for a repeat, which is answered with its first row and announced to nobody. */
export type Stored = {
  id: string;
  seq: number;
  line: number | null;
  rev: number;
  at: number;
  isNew: boolean;
  root: { rev: number; answers: number } | null;
};

type Row = {
  outcome: string;
  id: string;
  seq: number;
  line: number | null;
  rev: number;
  at: number;
  root_rev: number | null;
  root_answers: number | null;
};
type Waiting = { draft: Draft; since: number; resolve: (stored: Stored) => void; reject: (error: unknown) => void };

export const sendLane = partKey<SendLane>('messages.send-lane');

const statement = {
  name: 'send_messages',
  text: `select outcome, id, seq, line, rev, at, root_rev, root_answers
         from send_messages($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[])`,
};

/**
 * Stores messages of many conversations in common commits.
 * 1. A conversation always uses the same writer, so its messages commit, and are announced, in the order of their numbers.
 * 2. While a writer's commit is under way the next batch gathers itself; there is no timer, so a lone message waits for nobody.
 * 3. `announce` is called after the commit and before the sender hears, batch by batch.
 * 4. A full queue, or one whose first message has waited too long, refuses at once: answering seconds late helps nobody.
 * 5. When the connection fails the batch's fate is unknown: senders hear `unavailable` and ask again with the same clientId. When the store
 *    refuses one message, the others of its batch are stored without it. A batch that loses a deadlock was not stored:
 *    it is written again.
 */
export class SendLane implements LongLived {
  readonly name = 'send lane';
  readonly #writers: Writer[];
  readonly #cap: number;
  readonly #storage: Pick<Storage, 'note' | 'refusal'> | undefined;

  constructor(
    db: Database,
    log: Logger,
    announce: (batch: { draft: Draft; stored: Stored }[]) => void,
    options: { writers?: number; cap?: number; storage?: Pick<Storage, 'note' | 'refusal'> } = {},
  ) {
    this.#cap = options.cap ?? 4_000;
    this.#storage = options.storage;
    this.#writers = Array.from(
      { length: options.writers ?? 2 },
      (_, index) => new Writer(db, log, announce, String(index + 1), (error) => this.#storage?.note(error)),
    );
  }

  /** Resolves when the message is durable. */
  store(draft: Draft): Promise<Stored> {
    const refusal = this.#storage?.refusal();
    if (refusal) return Promise.reject(refusal);
    const waiting = this.#writers.reduce((sum, writer) => sum + writer.waiting, 0);
    laneWaiting.set({ lane: 'send' }, waiting);
    const writer = this.#writers[parseInt(draft.conversationId.slice(-4), 16) % this.#writers.length]!;
    if (waiting >= this.#cap || writer.oldestWait > 2_000) return Promise.reject(overloaded(1_000));
    return writer.push(draft);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.run(signal)));
  }
}

const largestBatch = 500;

class Writer {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #announce: (batch: { draft: Draft; stored: Stored }[]) => void;
  readonly #name: string;
  readonly #onLoss: (error: unknown) => void;
  #queue: Waiting[] = [];
  #client: Client | undefined;
  #wake: (() => void) | undefined;
  #storing = 0;
  #allBusy = false;

  constructor(
    db: Database,
    log: Logger,
    announce: (batch: { draft: Draft; stored: Stored }[]) => void,
    name: string,
    onLoss: (error: unknown) => void,
  ) {
    this.#db = db;
    this.#log = log;
    this.#announce = announce;
    this.#name = name;
    this.#onLoss = onLoss;
  }

  get waiting(): number {
    return this.#queue.length + this.#storing;
  }

  get oldestWait(): number {
    const first = this.#queue[0];
    return first ? performance.now() - first.since : 0;
  }

  push(draft: Draft): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ draft, since: performance.now(), resolve, reject });
      this.#wake?.();
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    while (!signal.aborted || this.#queue.length > 0) {
      if (this.#queue.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        // Everything that arrived in this turn of the event loop shares the commit.
        await new Promise<void>((resolve) => setImmediate(resolve));
        continue;
      }
      await this.#storeBatch(this.#gather());
      if (this.#allBusy) await pause(5);
    }
    await this.#client?.end().catch(() => undefined);
    this.#client = undefined;
  }

  /** The next batch. The same clientId twice waits for the batch after: there it is a repeat like any other. */
  #gather(): Waiting[] {
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    const names = new Set<string>();
    for (const item of this.#queue) {
      const name = `${item.draft.conversationId} ${item.draft.senderId} ${item.draft.clientId}`;
      if (batch.length < largestBatch && !names.has(name)) {
        names.add(name);
        batch.push(item);
      } else later.push(item);
    }
    this.#queue = later;
    return batch;
  }

  async #storeBatch(batch: Waiting[]): Promise<void> {
    this.#storing = batch.length;
    try {
      const rows = await withDeadlockRetries({ log: this.#log, where: 'send lane' }, () => this.#write(batch));
      this.#settle(batch, rows);
    } catch (error) {
      if (isOutage(error) || !this.#client) this.#lose(batch, error);
      else if (batch.length === 1) batch[0]!.reject(error);
      else for (const item of batch) await this.#storeBatch([item]);
    } finally {
      this.#storing = 0;
    }
  }

  async #write(batch: Waiting[]): Promise<Row[]> {
    this.#client ??= await this.#connect();
    laneBatch.observe({ lane: 'send' }, batch.length);
    const drafts = batch.map((item) => item.draft);
    const result = await this.#client.query<Row>({
      ...statement,
      values: [
        drafts.map((d) => d.conversationId),
        drafts.map((d) => d.senderId),
        drafts.map((d) => d.clientId),
        drafts.map((d) => d.id),
        drafts.map((d) => d.body),
        drafts.map((d) => d.threadId),
        drafts.map((d) => d.title),
        drafts.map((d) => `{${d.mentions.join(',')}}`),
      ],
    });
    return result.rows;
  }

  async #connect(): Promise<Client> {
    const client = await this.#db.client(`send ${this.#name}`);
    await client.query(
      'set plan_cache_mode = force_generic_plan; set statement_timeout = 30000; set synchronous_commit = on',
    );
    return client;
  }

  #settle(batch: Waiting[], rows: Row[]): void {
    const fresh: { draft: Draft; stored: Stored }[] = [];
    const answers: (() => void)[] = [];
    const again: Waiting[] = [];
    batch.forEach((item, index) => {
      const row = rows[index]!;
      if (row.outcome === 'busy') return void again.push(item);
      const refusal = refusals[row.outcome];
      if (refusal) return void answers.push(() => item.reject(refusal()));
      const isNew = row.outcome === 'sent';
      const root = isNew && row.root_rev !== null ? { rev: row.root_rev, answers: row.root_answers! } : null;
      const stored: Stored = { id: row.id, seq: row.seq, line: row.line, rev: row.rev, at: row.at, isNew, root };
      if (isNew) fresh.push({ draft: item.draft, stored });
      answers.push(() => item.resolve(stored));
    });
    if (fresh.length > 0) this.#announce(fresh);
    for (const answer of answers) answer();
    // An act holds these conversations at the moment: they go first in the next batch, and others do not wait for them.
    this.#queue.unshift(...again);
    this.#allBusy = again.length === batch.length;
  }

  /** The connection is gone: nobody knows whether the batch was stored. Senders ask again; the unique index keeps them from doubling. */
  #lose(batch: Waiting[], error: unknown): void {
    this.#onLoss(error);
    this.#log.warn({ err: error, messages: batch.length }, 'the send lane could not store a batch');
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => undefined);
    for (const item of batch) item.reject(outageOf(error));
  }
}

const refusals: Record<string, () => Refused> = {
  conflict: () => conflict('Another message was already sent with this clientId.'),
  gone: () => notFound('conversation'),
  not_member: () => notFound('conversation'),
  suspended: () => new Refused('suspended', 'This account is suspended.'),
  archived: () => new Refused('archived', 'This conversation is archived: nothing more can be written in it.'),
  no_thread: () => notFound('message to answer'),
  no_title: () => malformed('title: only a new topic in a conversation with topics has a title'),
};
