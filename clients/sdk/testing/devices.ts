import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Message } from '@parley/protocol/messages.ts';
import { until, type TestClient } from '../../../server/testing/client.ts';
import { openWorld, type World, type WorldOptions } from '../../../server/testing/world.ts';
import { createParley, type Options, type Parley, type Timeline } from '../client.ts';
import { memoryStorage } from '../storage.ts';
import { openLossyLine, type LossyLine } from './lossy-line.ts';

/*
 * Whole devices against the whole server, over real lines that can be made to lose what they carry.
 */

export let world: World;
const devices: Parley[] = [];
const lines: LossyLine[] = [];

/** Call once in a test file: the world is open during its tests, and each test's devices and lines are closed after it. */
export function withWorld(options: WorldOptions = {}): void {
  beforeAll(async () => {
    world = await openWorld(options);
  });
  afterEach(async () => {
    for (const device of devices.splice(0)) device.stop();
    for (const line of lines.splice(0)) await line.close();
  });
  afterAll(() => world?.close());
}

type DeviceOptions = Partial<Pick<Options, 'origin' | 'storage' | 'fetch' | 'key' | 'tabs'>>;

/** A device of a named person that nobody is signed in at yet. */
export function deviceOf(
  name: string,
  { origin = world.origin, storage = memoryStorage(), ...more }: DeviceOptions = {},
): Parley {
  const device = createParley({ origin, storage, device: `${name}’s device`, keep: 'body', ...more });
  devices.push(device);
  return device;
}

/** A device of a named person, signed in and not started. */
export async function signedIn(name: string, options?: DeviceOptions): Promise<Parley> {
  const device = deviceOf(name, options);
  await device.signIn(await world.person(name));
  return device;
}

export async function live(name: string, options?: DeviceOptions): Promise<Parley> {
  const device = await signedIn(name, options);
  device.start();
  await isLive(device);
  return device;
}

export const isLive = (device: Parley) => until(() => device.state === 'live', 'the line');

export async function lossyLine(): Promise<LossyLine> {
  const line = await openLossyLine(world.origin);
  lines.push(line);
  return line;
}

let groups = 0;
/** A new group of these people, begun by the first. */
export async function group(creator: Parley, ...names: string[]): Promise<string> {
  const memberIds = await Promise.all(names.map(async (name) => (await world.person(name)).id));
  const { conversation } = await creator.call('conversation:create', {
    clientId: `group-${groups++}`,
    kind: 'group',
    name: `group ${groups}`,
    memberIds,
  });
  return conversation.id;
}

export const bodies = (timeline: Timeline) =>
  timeline.entries.map((entry) => (entry.kind === 'message' ? entry.message.body : `(${entry.pending.body})`));
export const messages = (timeline: Timeline) =>
  timeline.entries.flatMap((entry) => (entry.kind === 'message' ? [entry.message] : []));

/** The conversation's main line as the server has it, all of it. */
export async function truth(client: TestClient | Parley, conversationId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let more = true; more;) {
    const page = await client.call('history:page', { conversationId, after: all.at(-1)?.seq ?? 0, limit: 100 });
    if ('unchanged' in page) throw new Error('asked for no head');
    all.push(...page.messages);
    more = page.newer;
  }
  return all;
}
