import type { Server as HttpServer } from 'node:http';
import { Server as SocketServer, type Socket } from 'socket.io';
import type * as z from 'zod/mini';
import { calls as catalogue, type Answers, type CallName, type CallPayload } from '@parley/protocol/catalogue.ts';
import { Handshake } from '@parley/protocol/identity.ts';
import type { Declared } from '@parley/protocol/permissions.ts';
import type { ByeEvent } from '@parley/protocol/sync.ts';
import type { Actor } from '../kernel/actor.ts';
import { authority } from '../kernel/authority.ts';
import type { Seat } from '../kernel/broadcast.ts';
import { malformed, refusalOf, Refused, unauthenticated } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { JsonText } from '../kernel/json-text.ts';
import { connections, cutConnections } from '../kernel/telemetry.ts';
import type { House, Work } from '../kernel/work.ts';
import { runOperation, type Operation, type Outcome } from './operation.ts';
import { budgets, type Payer } from './budgets.ts';
import { Connection } from './connection.ts';
import { costs, type Cost } from './costs.ts';
import { SocketEngine, type Conn, type EngineSettings } from './socket-engine.ts';
import { textParser } from './socket-parser.ts';

/** One call of the catalogue: who may enter, what it costs, and the one line that does it. */
export type SocketCall = Operation & { name: CallName };

export function call<N extends CallName>(
  name: N,
  permission: Declared,
  cost: Cost,
  run: (work: Work, input: CallPayload<N>) => Promise<Answers[N] | JsonText>,
): SocketCall {
  return { name, permission, cost, input: catalogue[name], run } as unknown as SocketCall;
}

/** Something done for each connection before it hears anything: seats enter their rooms here. Throwing turns the connection away. */
export type OnConnect = (seat: Seat, actor: Actor) => Promise<void> | void;

export type SocketDoor = { close(): Promise<void> };

export type SocketDoorOptions = {
  house: House;
  server: HttpServer;
  config: EngineSettings & { connectionsPerPerson: number };
  calls: readonly SocketCall[];
  onConnect?: readonly OnConnect[];
};

/** From the first packet to an accepted credential. */
const patience = 5_000;
/** How long a refused connection of a flood waits on average; half as long again is still within the patience. */
const heldBackMs = 2_500;
/** Calls of one connection that may be under way at once. */
const atOnce = 64;
/** Refusals in a row that a connection of a flooding person may be given before it is taken for one that floods. */
const patientRefusals = 20;

/**
 * The socket door: Socket.IO over WebSocket on `/socket.io`, answers and events as frames of our own (kernel/frames.ts).
 * 1. A connection shows its token within five seconds or is closed; nothing ambient (no cookie) lets it in.
 * 2. It gets a seat, and enters its rooms before it is greeted, so that nothing falls between greeting and hearing.
 * 3. Before every call the authority is asked again from memory; whoever was ended or suspended is told so and closed.
 * 4. Every call is answered once, in a stable form, whatever was sent; a call without an acknowledgement still runs.
 * 5. When the house stops, everyone hears `bye` and comes back by themselves.
 */
export function openSocketDoor({ house, server, config, calls, onConnect = [] }: SocketDoorOptions): SocketDoor {
  const operations = tableOf(calls);
  const who = house.parts.use(authority);
  const payers = house.parts.use(budgets);
  const { broadcast } = house;
  const engine = new SocketEngine(server, config, ({ seat }) => seat && broadcast.remove(seat));
  const io = new SocketServer({
    serveClient: false,
    connectTimeout: patience,
    parser: textParser,
    adapter: NoRooms as never,
  });
  io.bind(engine as never);

  io.use((socket, next) => {
    admit(socket).then(
      () => next(),
      (error: unknown) => {
        next(refusedAtTheDoor(house, error));
        // After the refusal is written; whoever was turned away has no business here.
        setImmediate(() => socket.conn.close());
      },
    );
  });

  io.on('connection', (socket) => {
    const { data: connection, conn } = socket as unknown as { data: Connection; conn: Conn };
    connections.inc();
    socket.on('disconnect', left);
    // The library's greeting may still wait for the stream; ours come after it.
    if (writeBufferOf(conn).length > 0) conn.once('drain', () => broadcast.open(connection.seat));
    else broadcast.open(connection.seat);
  });

  /** Accepts a credential, takes a seat, enters the rooms. */
  async function admit(socket: Socket): Promise<void> {
    const conn = socket.conn as Conn;
    const { token, dpop } = handshakeOf(socket);
    if (conn.seat !== undefined) throw malformed('This connection is signing in already.');
    conn.seat = null;
    const actor = await who.identify(token, {
      door: 'socket',
      method: 'GET',
      path: '/socket.io/',
      host: conn.host,
      address: conn.remoteAddress,
      proof: dpop,
    });
    if (!actor.id || !actor.deviceId) throw unauthenticated();
    if (!engine.signIn(conn))
      throw new Refused('limited', 'Too many connections from this address.', { retryAfter: 10_000 });
    if (broadcast.seatsOf(actor.id).length >= config.connectionsPerPerson) {
      throw new Refused('limited', 'Too many connections of this person are open.', { retryAfter: 10_000 });
    }
    await payToEnter(payers.payerOf(actor, conn.remoteAddress));
    if (conn.readyState !== 'open') throw unauthenticated();
    const connection = new Connection(socket, conn, actor, broadcast);
    conn.seat = connection.seat;
    try {
      // Ended between asking and sitting down: from here on whoever ends a session finds the seat.
      connection.actor = who.refresh(actor);
      for (const greet of onConnect) await greet(connection.seat, actor);
    } catch (error) {
      broadcast.remove(connection.seat);
      throw error;
    }
    slim(socket, connection);
  }

  /**
   * A connection costs more than a call, and more to refuse: a person who floods waits for that, nearly as long as a
   * stranger may stay.
   */
  async function payToEnter(payer: Payer): Promise<void> {
    try {
      payer.pay(costs.start.points);
    } catch (error) {
      await payer.holdBack(heldBackMs);
      throw error;
    }
  }

  /** Answers one packet of a connection. Never throws: whatever is thrown here would reach nobody. */
  function take(connection: Connection, ackId: number | undefined, said: unknown[]): void {
    const [name, input] = said;
    const payer = payers.payerOf(connection.actor, connection.doorway.address);
    // The person floods, and this is one of the connections it comes over: another device that waits as told is left
    // alone.
    if (payer.isFlooding && connection.refused >= patientRefusals) return drop(connection);
    try {
      connection.actor = who.refresh(connection.actor);
    } catch (error) {
      answer(connection, ackId, { error: refusalOf(error, newId()) });
      return broadcast.cut(connection.seat, byeFor(error));
    }
    const operation = typeof name === 'string' ? operations.get(name) : undefined;
    if (!operation || said.length > 2) {
      payer.charge(costs.read.points);
      return refuse(
        connection,
        ackId,
        operation
          ? malformed('A call takes one argument.')
          : new Refused('unknown_operation', 'There is no such call.'),
      );
    }
    if (connection.underWay >= atOnce || broadcast.behind(connection.seat)) {
      connection.refused++;
      return refuse(
        connection,
        ackId,
        payer.refusal('Read the answers that are waiting before asking for more.', 1_000),
      );
    }
    connection.underWay++;
    runOperation(house, connection.actor, operation, input, connection.doorway)
      .then((outcome) => {
        connection.refused = outcome.error?.code === 'limited' ? connection.refused + 1 : 0;
        answer(connection, ackId, outcome);
      })
      .catch((error: unknown) => {
        house.log.error({ err: error, door: 'socket', operation: operation.name }, 'an answer could not be written');
        answer(connection, ackId, { error: refusalOf(error, newId()) });
      })
      .finally(() => connection.underWay--);
  }

  const refuse = (connection: Connection, ackId: number | undefined, error: Refused) =>
    answer(connection, ackId, { error: refusalOf(error, newId()) });

  function answer(connection: Connection, ackId: number | undefined, outcome: Outcome<unknown>): void {
    if (ackId !== undefined && connection.seat.rooms.length > 0)
      broadcast.answer(connection.seat, ackId, textOf(outcome));
  }

  /** A connection that floods is no client; it is not worth a goodbye. */
  function drop(connection: Connection): void {
    cutConnections.inc();
    house.log.warn(
      { personId: connection.seat.personId, deviceId: connection.seat.deviceId },
      'a connection that floods was cut',
    );
    connection.conn.transport.socket.terminate();
  }

  /** Shared by all sockets: the library calls it with a decoded event. A bare `42` is one too, and has no data. */
  function hear(this: Socket, packet: { id?: number; data?: unknown[] }): void {
    take(this.data as Connection, Number.isSafeInteger(packet.id) ? packet.id : undefined, packet.data ?? []);
  }

  /** A client that leaves the namespace and stays connected would hear on: it is closed. */
  function left(this: Socket): void {
    broadcast.remove((this.data as Connection).seat);
    connections.dec();
    this.conn.close();
  }

  /** Lets go of what the library keeps for features this door does not use, and has every event heard by one shared function. */
  function slim(socket: Socket, connection: Connection): void {
    Object.assign(socket, { ...unused, data: connection, onevent: hear });
  }

  house.events.on('session.ended', ({ payload }) => broadcast.cutDevice(String(payload['deviceId']), ended));
  house.events.on('user.suspended', ({ payload }) => broadcast.cutPerson(String(payload['userId']), suspended));
  const sweeper = setInterval(() => broadcast.sweep(), 2_000).unref();

  return {
    async close() {
      clearInterval(sweeper);
      for (const seat of [...broadcast.seats()]) broadcast.cut(seat, restarting);
      engine.close();
      await io.close();
    },
  };
}

/** Rooms are the broadcast's; the library keeps none. */
class NoRooms {
  init(): void {}
  close(): void {}
  addAll(): void {}
  del(): void {}
  delAll(): void {}
}

/** Shared by all sockets: the server emits nothing through the library, asks no acknowledgement, and took from the handshake what it needs. */
const unused = {
  handshake: Object.freeze({
    headers: {},
    query: {},
    auth: {},
    address: '',
    url: '',
    time: '',
    issued: 0,
    xdomain: false,
    secure: false,
  }),
  acks: new Map(),
  fns: [],
  flags: {},
};

const ended: ByeEvent = { code: 'session_ended', message: 'This session was ended.' };
const suspended: ByeEvent = { code: 'suspended', message: 'This account is suspended.' };
const restarting: ByeEvent = { code: 'restarting', message: 'The server is restarting. Connect again.' };

const byeFor = (error: unknown): ByeEvent =>
  error instanceof Refused && error.code === 'suspended' ? suspended : ended;
const writeBufferOf = (conn: Conn): unknown[] => (conn as unknown as { writeBuffer: unknown[] }).writeBuffer;

/** Every call by name. Refuses to build a door that would answer a call of the catalogue with nothing, or let in whom nobody named. */
function tableOf(calls: readonly SocketCall[]): Map<string, SocketCall> {
  const table = new Map<string, SocketCall>();
  const faults: string[] = [];
  for (const one of calls) {
    if (table.has(one.name)) faults.push(`${one.name} is offered twice`);
    if (!one.permission) faults.push(`${one.name} declares no permission`);
    if (!one.cost) faults.push(`${one.name} declares no cost`);
    if (!Object.hasOwn(catalogue, one.name)) faults.push(`${one.name} is not in the catalogue`);
    table.set(one.name, one);
  }
  for (const name of Object.keys(catalogue))
    if (!table.has(name)) faults.push(`${name} is in the catalogue and nobody answers it`);
  if (faults.length > 0)
    throw new Error(`The socket door cannot open:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return table;
}

function handshakeOf(socket: Socket): z.output<typeof Handshake> {
  const parsed = Handshake.safeParse(socket.handshake.auth);
  if (!parsed.success) throw unauthenticated();
  return parsed.data;
}

/** What the client hears as `connect_error`: the sentence, and the refusal as `data`. */
function refusedAtTheDoor(house: House, error: unknown): Error {
  const refusal = refusalOf(error, newId());
  if (refusal.code === 'internal')
    house.log.error({ err: error, door: 'socket', requestId: refusal.requestId }, 'a connection could not be admitted');
  return Object.assign(new Error(refusal.message), { data: refusal });
}

function textOf(outcome: Outcome<unknown>): string {
  if (outcome.error) return JSON.stringify(outcome);
  return `{"ok":${outcome.ok instanceof JsonText ? outcome.ok.text : (JSON.stringify(outcome.ok) ?? 'null')}}`;
}
