import type { ClientBase } from 'pg';
import type { Message } from '@parley/protocol/messages.ts';
import type { Database } from '../kernel/database.ts';
import { partKey } from '../kernel/parts.ts';

/** A message as an index holds it. */
export type Entry = {
  messageId: string;
  conversationId: string;
  rev: number;
  /** When it was said, in microseconds; it never changes. */
  at: string;
  tokens: string[];
};

/** A place in the order of search: a time in microseconds, then an id. */
export type Place = { at: string; id: string };

/** What to write: messages as they are now, those that are gone, and which of both had other words before. */
export type Change = { entries: Entry[]; gone: string[]; changed: string[] };

/** What to look for: every token, said where this reader may read now. */
export type Ask = {
  readerId: string;
  mayBrowse: boolean;
  tokens: string[];
  /** A word that must begin so stands in the message as well. */
  beginning: string | null;
  conversationId?: string | undefined;
  senderId?: string | undefined;
  after?: number | undefined;
  before?: number | undefined;
  bot?: boolean | undefined;
  /** Only what is older than this. */
  below: Place | null;
  limit: number;
  /** The messages themselves beside their words: most of these will be shown. */
  whole: boolean;
};

/** A message that may match; the literal check decides on `body`, which is read from the store and not from the index. */
export type Candidate = Place & { body: string; whole: { message: Message; conversationName: string | null } | null };

/**
 * What an index must do; PostgreSQL is one, Elasticsearch can be another.
 * 1. `write` is repeatable, and an entry of an older rev never replaces a newer one. It runs inside the watcher's
 *    transaction where it can. Words that stand in no message any more are forgotten.
 * 2. `candidates` returns, newest first, at least every message that has all tokens and that the reader may read at this moment. Permission is
 *    judged on the rows of now, never on what was indexed. Fewer than `limit` means that there are no more.
 */
export type SearchEngine = {
  name: string;
  write(client: ClientBase, change: Change): Promise<void>;
  candidates(db: Database, ask: Ask): Promise<Candidate[]>;
};

export const searchEngine = partKey<SearchEngine>('search.engine');
