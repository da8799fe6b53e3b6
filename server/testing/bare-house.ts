import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calls as catalogue, type CallName } from '@parley/protocol/catalogue.ts';
import { openSocketDoor, call, type OnConnect, type SocketCall, type SocketDoor } from '../doors/socket.ts';
import { Budgets, budgets, type BudgetSettings } from '../doors/budgets.ts';
import type { EngineSettings } from '../doors/socket-engine.ts';
import type { Actor } from '../kernel/actor.ts';
import { authority, type Authority } from '../kernel/authority.ts';
import { createBroadcast } from '../kernel/broadcast.ts';
import { openDatabase } from '../kernel/database.ts';
import { unauthenticated } from '../kernel/errors.ts';
import { Events } from '../kernel/events.ts';
import { createLog } from '../kernel/log.ts';
import { OutboxBell } from '../kernel/outbox.ts';
import { Parts } from '../kernel/parts.ts';
import { refusals } from '../kernel/refusals.ts';
import type { House } from '../kernel/work.ts';

/*
 * A house with a socket door and no store: for what is proven, and measured, about the wire alone. Everything that touches rows is proven in
 * a whole world (world.ts).
 */

export type DoorSettings = EngineSettings & BudgetSettings & { connectionsPerPerson: number };

export type BareHouse = {
  house: House;
  server: Server;
  door: SocketDoor;
  origin: string;
  logged: string[];
  close(): Promise<void>;
};

const settings: DoorSettings = {
  host: '127.0.0.1',
  publicUrl: null,
  origins: [],
  trustProxy: 0,
  connectionsPerAddress: 1_000_000,
  unsignedPerAddress: 1_000_000,
  connectionsPerPerson: 1_000_000,
  slowReaderBytes: 1_048_576,
  callsPerSecond: 100_000,
  botCallsPerSecond: 100_000,
  strangerCallsPerSecond: 100_000,
};

const none: ReadonlySet<string> = new Set();

/** Whoever says `person device` is that person on that device. */
export const believesEverybody: Authority = {
  async identify(token) {
    const [id, deviceId] = token.split(' ');
    if (!id || !deviceId) throw unauthenticated();
    return { kind: 'person', id, name: id, deviceId, permissions: none };
  },
  refresh: (actor: Actor) => actor,
  allows: () => true,
  narrow: () => () => undefined,
  confirm: async () => undefined,
  nonce: () => 'a nonce',
};

/** The catalogue, with `answers` for the calls a test is about; the others answer `{}` to anybody signed in. */
export function callsAnswering(answers: Partial<Record<CallName, SocketCall['run']>>): SocketCall[] {
  return (Object.keys(catalogue) as CallName[]).map((name) =>
    call(name, 'signed-in', 'read', (answers[name] ?? (async () => ({}))) as never),
  );
}

export async function openBareHouse(
  options: {
    calls?: SocketCall[];
    authority?: Authority;
    config?: Partial<DoorSettings>;
    onConnect?: OnConnect[];
    port?: number;
  } = {},
): Promise<BareHouse> {
  const logged: string[] = [];
  const log = createLog('info', { write: (line: string) => void logged.push(line) });
  const config = { ...settings, ...options.config };
  // Nothing listens there: an operation that reaches for rows is refused as `unavailable`.
  const db = openDatabase('postgres://nobody@127.0.0.1:1/nothing', log);
  const house: House = {
    db,
    log,
    events: new Events(log),
    broadcast: createBroadcast(log, config),
    parts: new Parts(),
    bell: new OutboxBell(),
  };
  house.parts.install(refusals, new Map());
  house.parts.install(budgets, new Budgets(config));
  house.parts.install(authority, options.authority ?? believesEverybody);
  const server = createServer((_request, response) => void response.writeHead(404).end());
  const door = openSocketDoor({
    house,
    server,
    config,
    calls: options.calls ?? callsAnswering({}),
    onConnect: options.onConnect ?? [],
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    house,
    server,
    door,
    logged,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await door.close();
      server.closeAllConnections();
      server.close();
      await db.close();
    },
  };
}
