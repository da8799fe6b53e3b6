import pg from 'pg';
import { deadlocksIn } from '../../server/testing/deadlock-count.ts';
import { startChild } from './children.ts';
import { readsPerMessage } from './reading.ts';
import { median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const people = 40;
const rooms = 8;
const minutes = 10;

/**
 * How people read beside sending: every device marks its rooms every so often, or opens and marks so many rooms for
 * each message sent.
 */
export type Load = { rate: number; markEveryMs: number } | { rate: number; readsPerMessage: number };
const loads: Record<string, Load> = {
  '300 messages/s, rooms marked every 3 s': { rate: 300, markEveryMs: 3_000 },
  '1,000 messages/s, rooms marked every 3 s': { rate: 1_000, markEveryMs: 3_000 },
  '50 messages/s, 6.5 rooms opened and marked for each': { rate: 50, readsPerMessage },
};
const promised = '300 messages/s, rooms marked every 3 s';

/** What came of one stretch of a run. */
export type Stretch = {
  seconds: number;
  sent: number;
  refused: number;
  p50: number;
  p99: number;
  opened: number;
  marked: number;
  readsRefused: number;
};
export type Ready = { origin: string; tokens: string[] };

/** Sending beside reading, end to end: whether it holds for ten minutes. */
export const beside: Benchmark = {
  name: 'beside',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    try {
      await store.prepare(fillRooms);
      const rows: Row[] = [];
      for (const [name, load] of Object.entries(loads)) rows.push(await measure(store, name, load, rounds, share));
      return {
        name: 'beside',
        how:
          `${people} devices of stock Socket.IO clients, each in ${rooms / 2} of ${rooms} groups, send at the rate while they read: a whole server with its doors, watchers and both engines, everything on this machine. ` +
          `Each load runs for ${minutes} minutes without a break; the figures are those of each of its ${rounds} parts. An open is a page of history. ` +
          'A message acknowledged and not there fails the run.',
        unit: 'acknowledged p99 ms',
        rows,
        ratios: [...rows.map(nothingLost), inTime(rows)],
      };
    } finally {
      await store.close();
    }
  },
};

async function measure(store: Store, name: string, load: Load, rounds: number, share: number): Promise<Row> {
  const seen = {
    'acknowledged p50 ms': [] as number[],
    'sent/s': [] as number[],
    'opened/s': [] as number[],
    'marked/s': [] as number[],
    refused: [] as number[],
    deadlocks: [] as number[],
  };
  const row: Row = { name, cost: [], also: seen };
  await store.onClickhouse((clickhouseUrl) =>
    store.onCopy(async (url) => {
      const server = await startChild('beside-server.ts', [url, clickhouseUrl], ['--max-semi-space-size=8']);
      const devices = await startChild('beside-devices.ts', [String(rooms)]);
      let sent = 0;
      try {
        await devices.ask({ connect: await server.ask<Ready>({ ready: true }) });
        for (let round = 0; round < rounds; round++) {
          const seconds = Math.max(3, (minutes * 60 * share) / rounds);
          const part = await devices.ask<Stretch>({ run: { load, seconds } });
          sent += part.sent - part.refused;
          row.cost.push(part.p99);
          seen['acknowledged p50 ms'].push(part.p50);
          seen['sent/s'].push(part.sent / part.seconds);
          seen['opened/s'].push(part.opened / part.seconds);
          seen['marked/s'].push(part.marked / part.seconds);
          seen.refused.push(part.refused + part.readsRefused);
        }
      } finally {
        await devices.stop();
        await server.stop();
      }
      await verify(url, sent);
      seen.deadlocks.push(await deadlocksIn(url));
    }),
  );
  return row;
}

async function verify(url: string, acknowledged: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ messages: number }>('select count(*)::int as messages from messages');
  await client.end();
  if (rows[0]!.messages !== acknowledged)
    throw new Error(`${acknowledged} messages were acknowledged, and ${rows[0]!.messages} are there`);
}

/** Forty people with a device each; every second one is in a room. */
async function fillRooms(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into users (id, kind, name) select uuidv7(), 'person', 'Person ' || n from generate_series(1, ${people}) n`,
  );
  await client.query(`insert into role_grants (user_id, role) select id, 'member' from users`);
  await client.query(
    `insert into devices (id, user_id, name, refresh_hash) select uuidv7(), id, 'bench', 'x' from users`,
  );
  await client.query(
    `insert into conversations (id, kind, name, member_count) select uuidv7(), 'group', 'Room ' || n, ${people / 2} from generate_series(1, ${rooms}) n`,
  );
  await client.query(
    `insert into members (conversation_id, user_id)
     select c.id, u.id from (select id, row_number() over (order by id) as n from conversations) c
     join (select id, row_number() over (order by id) as n from users) u on (u.n + c.n) % 2 = 0`,
  );
  await client.query('vacuum analyze users, conversations, members');
  await client.end();
}

function nothingLost({ name, also }: Row): Ratio {
  const value = [...also!['refused']!, ...also!['deadlocks']!].reduce((sum, one) => sum + one, 0);
  return { says: `${name}: refusals and deadlocks`, value, target: '0', reached: value === 0 };
}

function inTime(rows: readonly Row[]): Ratio {
  const value = median(rows.find(({ name }) => name === promised)!.cost);
  return { says: `${promised}: acknowledged p99 ms`, value, target: '≤ 50', reached: value <= 50 };
}
