import type { Answer } from '@parley/protocol/errors.ts';
import type { ChangeEvent, Started } from '@parley/protocol/sync.ts';
import { socketWith } from '../../server/testing/client.ts';
import { answering } from './children.ts';
import { quantile } from './result.ts';
import type { Load, Ready, Stretch } from './beside.ts';

/*
 * In a process of its own: devices that send at a rate and read beside it. Sends are due by the clock, whatever became
 * of those before; what is asked is awaited at the end of a stretch.
 */

const rooms = Number(process.argv[2]);
type Socket = ReturnType<typeof socketWith>;
type Device = { socket: Socket; rooms: string[]; lines: Map<string, number> };
const devices: Device[] = [];
let sent = 0;

async function connect({ origin, tokens }: Ready): Promise<object> {
  for (const token of tokens) {
    const socket = socketWith(origin, token);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    const lines = new Map<string, number>();
    socket.on('change', ({ conversationId, change }: ChangeEvent) => {
      if (change.kind === 'message' && change.message.line) lines.set(conversationId, change.message.line);
    });
    const started = (await ask(socket, 'sync:start', {})) as Answer<Started>;
    const own = started.ok!.changed.map(({ conversation }) => conversation.id);
    if (own.length !== rooms / 2) throw new Error(`a device is in ${own.length} rooms`);
    devices.push({ socket, rooms: own, lines });
  }
  return {};
}

const ask = (socket: Socket, name: string, said: object) =>
  new Promise<Answer<unknown>>((resolve) => void socket.emit(name, said, resolve));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function run({ load, seconds }: { load: Load; seconds: number }): Promise<Stretch> {
  const took: number[] = [];
  const result: Stretch = { seconds: 0, sent: 0, refused: 0, p50: 0, p99: 0, opened: 0, marked: 0, readsRefused: 0 };
  const asked: Promise<void>[] = [];
  const began = performance.now();
  const end = began + seconds * 1_000;

  const send = async ({ socket, rooms: own }: Device, n: number) => {
    const conversationId = own[Math.floor(n / devices.length) % own.length]!;
    const from = performance.now();
    const said = { conversationId, clientId: `bench-${n}`, body: `message ${n} of the run` };
    const { error } = await ask(socket, 'message:send', said);
    if (error) result.refused++;
    else took.push(performance.now() - from);
  };
  const mark = async ({ socket, lines }: Device, conversationId: string) => {
    const line = lines.get(conversationId);
    if (line === undefined) return;
    const { error } = await ask(socket, 'read:mark', { conversationId, line });
    if (error) result.readsRefused++;
    else result.marked++;
  };
  const open = async (device: Device, conversationId: string) => {
    const { error } = await ask(device.socket, 'history:page', { conversationId });
    if (error) result.readsRefused++;
    else result.opened++;
    await mark(device, conversationId);
  };

  if ('markEveryMs' in load)
    for (const [n, device] of devices.entries())
      asked.push(
        (async () => {
          await wait((load.markEveryMs * n) / devices.length);
          for (; performance.now() < end; await wait(load.markEveryMs))
            await Promise.all(device.rooms.map((room) => mark(device, room)));
        })(),
      );
  let reads = 0;
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - began) / 1_000) * load.rate);
    for (; result.sent < due; result.sent++) {
      asked.push(send(devices[sent % devices.length]!, sent));
      sent++;
      if ('markEveryMs' in load) continue;
      for (; reads < result.sent * load.readsPerMessage; reads++) {
        const device = devices[(reads * 7) % devices.length]!;
        asked.push(open(device, device.rooms[reads % device.rooms.length]!));
      }
    }
    await wait(2);
  }
  result.seconds = (performance.now() - began) / 1_000;
  await Promise.all(asked);
  return { ...result, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

type Ask = { connect: Ready } | { run: { load: Load; seconds: number } };
answering((said: Ask) => ('connect' in said ? connect(said.connect) : run(said.run)));
