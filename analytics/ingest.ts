import type { Clickhouse } from './clickhouse.ts';

/** One event as the store keeps it. `at` is milliseconds since 1970; `department` null means none. */
export type EventRow = {
  eventId: string;
  kind: 'message';
  at: number;
  person: number;
  bot: boolean;
  department: string | null;
  conversation: string;
  conversationKind: string;
  message: string;
};

export const noDepartment = '00000000-0000-0000-0000-000000000000';

const columns = [
  'event_id',
  'kind',
  'at',
  'person',
  'bot',
  'department',
  'conversation',
  'conversation_kind',
  'message',
] as const;
/** Rows of one insert. One insert is one block of one token, so a batch is always cut at the same places. */
const blockRows = 50_000;

/**
 * Writes events under a name that stands for exactly these rows in this order: the same name again changes nothing.
 */
export async function ingest(clickhouse: Clickhouse, rows: readonly EventRow[], batch: string): Promise<void> {
  for (let from = 0; from < rows.length; from += blockRows) {
    await clickhouse.insert(
      'events',
      columns,
      rows
        .slice(from, from + blockRows)
        .map(lineOf)
        .join(''),
      `${batch}/${from}`,
    );
  }
}

/** Only ids, numbers and words of our own stand in a line, so nothing needs escaping. */
function lineOf({
  eventId,
  kind,
  at,
  person,
  bot,
  department,
  conversation,
  conversationKind,
  message,
}: EventRow): string {
  return `${eventId}\t${kind}\t${(at / 1_000).toFixed(3)}\t${person}\t${bot}\t${department ?? noDepartment}\t${conversation}\t${conversationKind}\t${message}\n`;
}
