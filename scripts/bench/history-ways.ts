import { DataTypes, Op, type Model, type ModelStatic } from 'sequelize';
import type { Page } from '@parley/protocol/messages.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { historyPage } from '../../server/messages/history.ts';
import { answering } from './children.ts';

/*
 * In a process of its own: one way of answering "the last 50 before here" with the text that leaves the server. Asked for `pages` with so many
 * asked for at once and for so long, it answers how many there were, how long each took, and the CPU this process used.
 */

const [way, url] = process.argv.slice(2) as ['ours' | 'findAll' | 'raw', string];
const db = openDatabase(url, createLog('silent'), { poolSize: 10 });
const rooms = await db.rows<{ id: string; lastSeq: number; reader: string }>(
  'select c.id, c.last_seq as "lastSeq", (select m.user_id from members m where m.conversation_id = c.id limit 1) as reader from conversations c order by c.id',
);
const limit = 50;

type Read = (room: { id: string; reader: string }, before: number) => Promise<string>;

const readOurs: Read = ({ id, reader }, before) =>
  historyPage(db, reader, { conversationId: id, before, limit }, false);

/** As it is written with the models: membership, the page, and JSON of it. */
function readModels(raw: boolean): Read {
  const { UUID, BIGINT, TEXT, DATE, INTEGER, ARRAY } = DataTypes;
  const columns = {
    id: { type: UUID, primaryKey: true },
    conversationId: UUID,
    seq: BIGINT,
    line: BIGINT,
    rev: BIGINT,
    senderId: UUID,
    clientId: TEXT,
    threadId: UUID,
    title: TEXT,
    body: TEXT,
    mentions: ARRAY(UUID),
    createdAt: DATE,
    editedAt: DATE,
    recalledAt: DATE,
    answers: INTEGER,
    lastAnswerAt: DATE,
  };
  const messages = db.sequelize.define('messages', columns, { timestamps: false }) as ModelStatic<Model>;
  const members = db.sequelize.define(
    'members',
    { conversationId: { type: UUID, primaryKey: true }, userId: { type: UUID, primaryKey: true }, leftAt: DATE },
    { timestamps: false },
  ) as ModelStatic<Model>;
  return async ({ id, reader }, before) => {
    if (!(await members.findOne({ where: { conversationId: id, userId: reader, leftAt: null }, raw })))
      throw new Error('not a member');
    const found = await messages.findAll({
      where: { conversationId: id, seq: { [Op.lt]: before }, line: { [Op.ne]: null } } as never,
      order: [['seq', 'DESC']],
      limit,
      raw,
    });
    return JSON.stringify({ messages: found.reverse() });
  };
}

const read: Read = way === 'ours' ? readOurs : readModels(way === 'raw');

type Asked = { pages?: { atOnce: number; ms: number }; sample?: true };
let asked = 0;

async function pages({ atOnce, ms }: { atOnce: number; ms: number }): Promise<object> {
  const took: number[] = [];
  let bytes = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < began + ms) {
        const { room, before } = place(asked++);
        const from = performance.now();
        const text = await read(room, before);
        took.push(performance.now() - from);
        bytes += text.length;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const used = process.cpuUsage(cpu);
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!;
  return { pages: took.length, seconds, cpu: (used.user + used.system) / 1e6, p50: at(0.5), p99: at(0.99), bytes };
}

/** Pages all over the past, never twice the same soon. */
function place(n: number): { room: (typeof rooms)[number]; before: number } {
  const room = rooms[(n * 7_919) % rooms.length]!;
  return { room, before: limit + 2 + ((n * 104_729) % (room.lastSeq - limit)) };
}

/** Which messages some pages hold, to see that all ways answer alike. */
async function sample(): Promise<object> {
  const found: string[][] = [];
  for (let n = 0; n < 20; n++) {
    const { room, before } = place(n * 31);
    found.push((JSON.parse(await read(room, before)) as Page).messages.map(({ id }) => id));
  }
  return { found };
}

answering((message: never) => ((message as Asked).pages ? pages((message as Asked).pages!) : sample()));
