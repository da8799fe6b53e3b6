import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Placed } from './run.ts';

const special = /[\\\t\n\r]/g;
const written: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const escaped = (text: string) => text.replace(special, (sign) => written[sign]!);
const orNull = (value: string | number | null) => (value === null ? '\\N' : String(value));
const time = (at: number) => new Date(at).toISOString();

/** Writes messages, numbered and complete, straight into their table: COPY costs a fraction of an insert with as many parameters. */
export async function copyMessages(client: ClientBase, messages: readonly Placed[]): Promise<void> {
  const stream = client.query(
    copyFrom(
      `copy messages (id, conversation_id, seq, line, rev, sender_id, client_id, thread_id, title, body, mentions, created_at, answer, answers, last_answer_at) from stdin`,
    ),
  );
  let text = '';
  for (const m of messages) {
    const title = m.title === null ? '\\N' : escaped(m.title);
    const lastAnswer = m.lastAnswerAt === null ? '\\N' : time(m.lastAnswerAt);
    text += `${m.id}\t${m.room.id}\t${m.seq}\t${orNull(m.mainLine)}\t${m.rev}\t${m.senderId}\t${escaped(m.line.id)}\t${orNull(m.threadId)}\t${title}\t${escaped(m.body)}\t{${m.mentions.join(',')}}\t${time(m.line.at)}\t${orNull(m.answer)}\t${m.answers}\t${lastAnswer}\n`;
  }
  stream.end(text);
  await once(stream, 'finish');
}
