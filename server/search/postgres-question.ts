import type { Message } from '@parley/protocol/messages.ts';
import { anyValue } from '../kernel/database.ts';
import type { Ask, Candidate, Place } from './engine.ts';
import { wordsOf } from './postgres-words.ts';

/*
 * What a question asks, as parts of SQL: the same conditions whichever way entries are found, and permission always in the same statement.
 * What it does not ask is left out, so that plans are made for what it does.
 */

export class Question {
  readonly params: unknown[] = [];
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** One more parameter, and none the planner guesses from: planning for each question took 0.5 ms, and answering a rare word 0.3. */
  put(value: unknown, type: string): string {
    return anyValue(`$${this.params.push(value)}::${type}`);
  }

  /** Whether an entry has every token, as the index answers it: a word that begins so is any of those there are. */
  indexed(entry: string): string {
    const { beginning } = this.#ask;
    const begun = beginning === null ? [] : [`${entry}.tokens && ${wordsOf(this.put(beginning, 'text'))}`];
    return [...this.#tokens(entry), ...begun].join(' and ');
  }

  /** The same, as it is seen of a single entry: comparing its tokens with thousands of words would take longer. */
  hasTokens(entry: string): string {
    const { beginning } = this.#ask;
    const begun =
      beginning === null
        ? []
        : [`exists (select from unnest(${entry}.tokens) t where t ^@ ${this.put(beginning, 'text')})`];
    return [...this.#tokens(entry), ...begun].join(' and ');
  }

  #tokens(entry: string): string[] {
    const { tokens } = this.#ask;
    return tokens.length === 0 ? [] : [`${entry}.tokens @> ${this.put(tokens, 'text[]')}`];
  }

  /** A query of the ids of the conversations that are asked about and may be read now. */
  readable(): string {
    const { readerId, mayBrowse, conversationId } = this.#ask;
    const only = conversationId === undefined ? '' : ` and id = ${this.put(conversationId, 'uuid')}`;
    const mine = `select id from (select r.conversation_id as id from members r where r.user_id = ${this.put(readerId, 'uuid')} and r.left_at is null) m where true${only}`;
    return mayBrowse ? `${mine} union select id from conversations where visibility = 'public'${only}` : mine;
  }

  /** Whether a conversation is asked about and may be read now. */
  isReadable(column: string): string {
    const { readerId, mayBrowse, conversationId } = this.#ask;
    const mine = `exists (select from members r where r.conversation_id = ${column} and r.user_id = ${this.put(readerId, 'uuid')} and r.left_at is null)`;
    const open = `exists (select from conversations c where c.id = ${column} and c.visibility = 'public')`;
    const only = conversationId === undefined ? '' : ` and ${column} = ${this.put(conversationId, 'uuid')}`;
    return `${mayBrowse ? `(${mine} or ${open})` : mine}${only}`;
  }

  /** Whether a place lies between the dates, and below where the page begins. */
  inTime(at: string, id: string): string {
    const { after, before, below } = this.#ask;
    const conditions = [
      ...(after === undefined ? [] : [`${at} >= to_timestamp(${this.put(after, 'float8')} / 1000)`]),
      ...(before === undefined ? [] : [`${at} < to_timestamp(${this.put(before, 'float8')} / 1000)`]),
      ...(below === null ? [] : [`(${at}, ${id}) < (${this.moment(below.at)}, ${this.put(below.id, 'uuid')})`]),
    ];
    return conditions.join(' and ') || 'true';
  }

  /** What only the message itself can tell. */
  #fits(message: string): string {
    const { senderId, bot } = this.#ask;
    const isBot = `exists (select from users u where u.id = ${message}.sender_id and u.kind = 'bot')`;
    return [
      `${message}.recalled_at is null`,
      ...(senderId === undefined ? [] : [`${message}.sender_id = ${this.put(senderId, 'uuid')}`]),
      ...(bot === undefined ? [] : [`${this.put(bot, 'boolean')} = ${isBot}`]),
    ].join(' and ');
  }

  /** The message of a row, if it fits. A row at a time, whatever the planner thinks: it expects many, and would read the whole table. */
  messageOf(id: string): string {
    return `cross join lateral (select from messages m where m.id = ${id} and ${this.#fits('m')} offset 0) fitting`;
  }

  /** What is told of each that was found; `found` names rows with `at` and `id`. */
  told(found: string): { columns: string; joins: string; order: string } {
    const { whole } = this.#ask;
    const message = whole ? 'message_json(m) as message, c.name' : 'm.body';
    const conversation = whole ? 'join conversations c on c.id = m.conversation_id' : '';
    return {
      columns: `${found}.id, ${microsecondsOf(`${found}.at`)} as at, told.*`,
      joins: `cross join lateral (select ${message} from messages m ${conversation} where m.id = ${found}.id offset 0) told`,
      order: `order by ${found}.at desc, ${found}.id desc`,
    };
  }

  /** A time in microseconds as PostgreSQL's own; both are exact. */
  moment(at: string): string {
    return `(timestamptz 'epoch' + ${this.put(at, 'bigint')} * interval '1 microsecond')`;
  }
}

/** A time of PostgreSQL's in microseconds, as text. */
export const microsecondsOf = (at: string): string => `(extract(epoch from ${at}) * 1000000)::bigint::text`;

/** What was told, as a candidate. */
export function candidateOf({ id, at, body, message, name }: Told): Candidate {
  return { id, at, body: message?.body ?? body!, whole: message ? { message, conversationName: name! } : null };
}
export type Told = Place & { body?: string; message?: Message; name?: string | null };
