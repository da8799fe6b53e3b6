import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { importFile } from '../../server/imports/imports.ts';
import { readSlices } from '../../server/imports/files.ts';
import { idFrom } from '../../server/kernel/ids.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { answering } from './children.ts';

/* In a process of its own: a file of history stored by Parley's import, or by the floor. Answers how many messages, how long, and this process's CPU. */

const [way, url, file] = process.argv.slice(2) as ['ours' | 'copy', string, string];
const db = openDatabase(url, createLog('silent'), { poolSize: 2, statementTimeout: 0 });

async function run(): Promise<object> {
  const rows = way === 'copy' ? await prepare() : [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  const stored = way === 'copy' ? await copy(rows) : (await importFile(db, file)).stored;
  const used = process.cpuUsage(cpu);
  return { stored, seconds: (performance.now() - began) / 1_000, cpu: (used.user + used.system) / 1e6 };
}

/** The floor's rows: the same messages in one conversation, of one sender, written out before the clock starts. */
async function prepare(): Promise<string[]> {
  const [ids] = await db.rows<{ person: string; room: string }>(
    `with person as (insert into users (id, kind, name) values (uuidv7(), 'imported', 'One') returning id), room as (insert into conversations (id, kind, name) values (uuidv7(), 'channel', 'One') returning id)
     select person.id as person, room.id as room from person, room`,
  );
  const batches: string[] = [];
  let batch = '';
  let seq = 0;
  for await (const { lines } of readSlices(file)) {
    for (const { text } of lines) {
      const line = JSON.parse(text!) as { id: string; ts: string; text: string };
      const body = line.text.replace(
        /[\\\t\n\r]/g,
        (sign) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[sign]!,
      );
      seq++;
      batch += `${idFrom(Date.parse(line.ts), line.id)}\t${ids!.room}\t${seq}\t${seq}\t${seq}\t${ids!.person}\t${line.id}\t${body}\t${line.ts}\n`;
      if (seq % 4_000 === 0) {
        batches.push(batch);
        batch = '';
      }
    }
  }
  return [...batches, batch];
}

async function copy(batches: string[]): Promise<number> {
  const client = await db.client('copy');
  for (const batch of batches) {
    const stream = client.query(
      copyFrom(
        'copy messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, created_at) from stdin',
      ),
    );
    stream.end(batch);
    await once(stream, 'finish');
  }
  const { rows } = await client.query<{ count: number }>('select count(*) as count from messages');
  await client.end();
  return Number(rows[0]!.count);
}

answering(run);
