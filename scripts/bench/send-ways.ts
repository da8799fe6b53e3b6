import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { once } from 'node:events';
import { DataTypes, type Model, type ModelStatic } from 'sequelize';
import { newId } from '../../server/kernel/ids.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { inWork } from '../../server/kernel/work.ts';
import type { Actor } from '../../server/kernel/actor.ts';
import { announceSent, send } from '../../server/messages/messages.ts';
import { SendLane, sendLane } from '../../server/messages/send-lane.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse } from './house.ts';
import { readerOf, readsDue } from './reading.ts';

/*
 * In a process of its own: one way of storing messages durably. Asked to `send` with so many outstanding for so long, it answers how many were
 * stored, how long each took, and the CPU this process used.
 */

const [way, url] = process.argv.slice(2) as ['ours' | 'reading' | 'copy' | 'sequelize', string];
const log = createLog('silent');
const db = openDatabase(url, log, { poolSize: 10 });
const seats = await db.rows<{ conversationId: string; userId: string }>(
  'select conversation_id as "conversationId", user_id as "userId" from members order by conversation_id, user_id',
);

type Store = (seat: { conversationId: string; userId: string }, clientId: string, body: string) => Promise<unknown>;
const ways: Record<'ours' | 'reading' | 'sequelize', () => Store> = {
  ours: oursWay,
  reading: oursWay,
  sequelize: sequelizeWay,
};
const house = benchHouse(db);
/** Beside it, people open rooms and mark them read, several for each message: a sender reads before sending again. */
const read = way === 'reading' ? readerOf(house, seats) : undefined;
let reads = 0;

/** What a real send does behind the door: an act, membership, the lane, the announcement to a room nobody listens in. */
function oursWay(): Store {
  const lane = house.parts.install(
    sendLane,
    new SendLane(db, log, (batch) => announceSent(house, batch), { cap: 10_000 }),
  );
  void lane.run(new AbortController().signal);
  const actors = new Map<string, Actor>();
  return ({ conversationId, userId }, clientId, body) => {
    let actor = actors.get(userId);
    if (!actor) actors.set(userId, (actor = benchActor(userId, 'messages.send')));
    return inWork(house, actor, (work) => send(work, { conversationId, clientId, body }));
  };
}

/** As a careful team writes it with the models: one transaction a message, the conversation's row locked, the event with it. */
function sequelizeWay(): Store {
  const { sequelize } = db;
  const define = (table: string, columns: Record<string, unknown>, key: string[]) =>
    sequelize.define(
      table,
      Object.fromEntries(
        Object.entries(columns).map(([name, type]) => [name, { type, primaryKey: key.includes(name) }]),
      ) as never,
      { tableName: table, timestamps: false },
    ) as ModelStatic<Model>;
  const { UUID, BIGINT, TEXT, DATE, JSONB } = DataTypes;
  const conversations = define(
    'conversations',
    { id: UUID, lastSeq: BIGINT, lastLine: BIGINT, head: BIGINT, lastAt: DATE },
    ['id'],
  );
  const members = define('members', { conversationId: UUID, userId: UUID, readLine: BIGINT, leftAt: DATE }, [
    'conversationId',
    'userId',
  ]);
  const messages = define(
    'messages',
    {
      id: UUID,
      conversationId: UUID,
      seq: BIGINT,
      line: BIGINT,
      rev: BIGINT,
      senderId: UUID,
      clientId: TEXT,
      body: TEXT,
      createdAt: DATE,
    },
    ['id'],
  );
  const outbox = define('outbox', { type: TEXT, payload: JSONB, actorId: UUID }, []);
  outbox.removeAttribute('id');
  return ({ conversationId, userId }, clientId, body) =>
    sequelize.transaction(async (transaction) => {
      const conversation = (await conversations.findByPk(conversationId, {
        transaction,
        lock: transaction.LOCK.UPDATE,
      }))!;
      const member = await members.findOne({ where: { conversationId, userId, leftAt: null }, transaction });
      if (!member) throw new Error('not a member');
      const first = await messages.findOne({ where: { clientId, senderId: userId, conversationId }, transaction });
      if (first) return first;
      const [seq, line, head] = ['lastSeq', 'lastLine', 'head'].map((name) => Number(conversation.get(name)) + 1);
      const at = new Date();
      const message = await messages.create(
        { id: newId(), conversationId, seq, line, rev: head, senderId: userId, clientId, body, createdAt: at },
        { transaction },
      );
      await conversation.update({ lastSeq: seq, lastLine: line, head, lastAt: at }, { transaction });
      await member.update({ readLine: line }, { transaction });
      await outbox.create(
        {
          type: 'message.sent',
          payload: { messageId: message.get('id'), conversationId, seq, threadId: null },
          actorId: userId,
        },
        { transaction, returning: false },
      );
      return message;
    });
}

const words = 'The quick pilot moved berth 14 to 16, 船已靠泊, and nobody had to wait for the tide today. ';
const bodyOf = (n: number) => `${n} ${words}`.slice(0, 100);

type Asked = { send: { outstanding: number; ms: number } };
type Sent = { stored: number; seconds: number; cpu: number; p50: number; p99: number };

let sent = 0;
let store: Store | undefined;

async function measure({ send: { outstanding, ms } }: Asked): Promise<Sent> {
  if (way === 'copy') return copy(ms);
  store ??= ways[way]();
  const took: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  const end = began + ms;
  await Promise.all(
    Array.from({ length: outstanding }, async () => {
      while (performance.now() < end) {
        const n = sent++;
        const from = performance.now();
        await store!(seats[(n * 7_919) % seats.length]!, `bench-${n}`, bodyOf(n));
        took.push(performance.now() - from);
        while (read && readsDue(n + 1, reads)) {
          reads++;
          await read();
        }
      }
    }),
  );
  return result(took.length, began, cpu, took);
}

/** The floor: the same rows, already numbered and written out, in commits of 200 over two connections. Nothing is checked. */
async function copy(ms: number): Promise<Sent> {
  const clients = await Promise.all([db.client('copy'), db.client('copy')]);
  const batches = clients.map((_, half) => prepared(half, ms));
  const cpu = process.cpuUsage();
  const began = performance.now();
  const stored = await Promise.all(clients.map((client, half) => copyAll(client, batches[half]!, began + ms)));
  const done = result(stored[0]! + stored[1]!, began, cpu, [0]);
  await Promise.all(clients.map((client) => client.end()));
  return done;
}

type Batch = { messages: string; outbox: string; ids: string[]; seqs: number[] };
const size = 200;
const lastSeq = new Map<string, number>();

const ready: Batch[][] = [[], []];

/** Batches written out before the clock is looked at: as many as could be stored in the time, and more should that not be enough. */
function prepared(half: number, ms: number): () => Batch {
  const own = seats.filter(({ conversationId }) => (parseInt(conversationId.slice(-4), 16) & 1) === half);
  // What is left over comes first next time: numbers without holes are checked in the end.
  while (ready[half]!.length < ms / 8) ready[half]!.push(nextBatch(own));
  return () => ready[half]!.shift() ?? nextBatch(own);
}

function nextBatch(own: typeof seats): Batch {
  const at = new Date().toISOString();
  const batch: Batch = { messages: '', outbox: '', ids: [], seqs: [] };
  const touched = new Map<string, number>();
  for (let row = 0; row < size; row++) {
    const n = sent++;
    const { conversationId, userId } = own[(n * 7_919) % own.length]!;
    const seq = (lastSeq.get(conversationId) ?? 0) + 1;
    const id = newId();
    lastSeq.set(conversationId, seq);
    touched.set(conversationId, seq);
    batch.messages += `${id}\t${conversationId}\t${seq}\t${seq}\t${seq}\t${userId}\tbench-${id}\t${bodyOf(n)}\t{}\t${at}\n`;
    batch.outbox += `message.sent\t${userId}\t{"messageId":"${id}","conversationId":"${conversationId}","seq":${seq},"threadId":null}\n`;
  }
  batch.ids = [...touched.keys()];
  batch.seqs = [...touched.values()];
  return batch;
}

async function copyAll(client: pg.Client, next: () => Batch, end: number): Promise<number> {
  let stored = 0;
  while (performance.now() < end) {
    const batch = next();
    await client.query('begin');
    await put(
      client,
      'copy messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, mentions, created_at) from stdin',
      batch.messages,
    );
    await put(client, 'copy outbox (type, actor_id, payload) from stdin', batch.outbox);
    await client.query({
      name: 'counters',
      text: 'update conversations c set last_seq = t.seq, last_line = t.seq, head = t.seq, last_at = now() from unnest($1::uuid[], $2::bigint[]) as t (id, seq) where c.id = t.id',
      values: [batch.ids, batch.seqs],
    });
    await client.query('commit');
    stored += size;
  }
  return stored;
}

async function put(client: pg.Client, statement: string, text: string): Promise<void> {
  const stream = client.query(copyFrom(statement));
  stream.end(text);
  await once(stream, 'finish');
}

function result(stored: number, began: number, cpu: NodeJS.CpuUsage, took: number[]): Sent {
  const seconds = (performance.now() - began) / 1_000;
  const used = process.cpuUsage(cpu);
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { stored, seconds, cpu: (used.user + used.system) / 1e6, p50: at(0.5), p99: at(0.99) };
}

answering((asked: never) => measure(asked as Asked));
