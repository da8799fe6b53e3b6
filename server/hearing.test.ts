import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from './kernel/ids.ts';
import { socketWith, type TestClient } from './testing/client.ts';
import { actors, isInside, mayRead, places, type Place } from './testing/matrix.ts';
import { makeCast, setScene, type Cast } from './testing/matrix-world.ts';
import { inParallel } from './testing/hostile.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * Who hears what happens, tried as the matrix of permissions.test.ts tries who may ask: every actor listens at every kind of conversation while
 * others talk in it. Whoever is in it hears all of it, whoever looks at a public channel hears it as long as they look, nobody else a word.
 */

let world: World;
let cast: Cast;
let pia: TestClient;
beforeAll(async () => {
  world = await openWorld();
  cast = await makeCast(world);
  pia = await world.device('Pia');
  // Nora is put into every conversation there is.
  await world.db.rows(`insert into settings (name, value) values ('addedPerPersonPerDay', '10000')`);
});
afterAll(() => world.close());

/** Whatever reaches one device, as it comes. */
type Listener = { socket: Socket; frames: string[] };

function listen(token: string): Promise<Listener> {
  const socket = socketWith(world.origin, token);
  const frames: string[] = [];
  socket.onAny((...frame: unknown[]) => void frames.push(JSON.stringify(frame)));
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve({ socket, frames }));
    socket.once('connect_error', reject);
  });
}

/** Answers and events of a connection keep their order: whatever was said before this was asked has been heard. */
async function everythingHeardBy({ socket, frames }: Listener): Promise<string[]> {
  await socket.emitWithAck('session:me', {});
  return frames.splice(0);
}

/** What happens in a conversation that others may hear of; `words` are what is said, new ones each time. */
async function happenings(conversationId: string, place: Place, messageId: string): Promise<string> {
  const words = `said-${newId()}`;
  const here = { conversationId };
  await pia.says(words, { in: conversationId, ...(place === 'channel with topics' ? { title: words } : {}) });
  await pia.call('message:edit', { ...here, messageId, body: `${words} again` });
  await pia.call('pin:add', { ...here, messageId });
  await pia.call('pin:remove', { ...here, messageId });
  await pia.call('typing:set', { ...here, typing: true });
  await pia.call('typing:set', { ...here, typing: false });
  if (place !== 'direct') {
    await pia.call('conversation:rename', { ...here, name: `${words} name` });
    await pia.call('member:add', { ...here, userIds: [cast.nora] });
    await pia.call('member:remove', { ...here, userId: cast.nora });
  }
  return words;
}

const alive = actors.filter(({ refused }) => !refused);
const living = places.filter((place) => !place.startsWith('archived'));
const cells = alive.flatMap((who) => living.map((place) => ({ who, place })));

/** What changed, without what is one's own: marks, and who types. */
const changesIn = (frames: readonly string[]) => frames.filter((frame) => frame.startsWith('["change"'));

test('whoever is in a conversation hears all of it, whoever is not hears nothing', { timeout: 300_000 }, async () => {
  const wrong: string[] = [];
  let heardSomething = 0;
  await inParallel(cells, 4, async ({ who, place }) => {
    const scene = await setScene(world, cast, who, { place });
    const [listener, piasPhone] = [await listen(scene.token!), await listen(pia.session.accessToken)];
    const words = await happenings(scene.conversationId, place, scene.otherMessage);
    const heard = await everythingHeardBy(listener);
    const heardByPia = await everythingHeardBy(piasPhone);
    for (const { socket } of [listener, piasPhone]) socket.disconnect();
    const cell = `${who.name} in ${place}`;
    const about = heard.filter((frame) => frame.includes(scene.conversationId) || frame.includes(words));
    if (!isInside(who)) {
      if (about.length > 0) wrong.push(`${cell}: hears ${about.join('\n').slice(0, 400)}`);
      return;
    }
    heardSomething++;
    const there = changesIn(heardByPia).filter((frame) => frame.includes(scene.conversationId));
    expect(there.length, cell).toBeGreaterThan(3);
    expect(changesIn(about), cell).toEqual(there);
    if (!about.some((frame) => frame.startsWith('["typing"'))) wrong.push(`${cell}: does not hear who types`);
  });
  expect(wrong).toEqual([]);
  expect(heardSomething).toBeGreaterThan(living.length);
});

test('whoever looks at a channel hears it while they look, if they may look', { timeout: 300_000 }, async () => {
  const outside = cells.filter(({ who }) => !isInside(who));
  const looked: Record<string, number> = { hears: 0, refused: 0 };
  await inParallel(outside, 4, async ({ who, place }) => {
    const scene = await setScene(world, cast, who, { place });
    const listener = await listen(scene.token!);
    const answer = (await listener.socket.emitWithAck('conversation:open', {
      conversationId: scene.conversationId,
    })) as { error?: { code: string } };
    const cell = `${who.name} at ${place}`;
    const may = mayRead(who, place);
    expect(answer.error?.code ?? 'ok', cell).toBe(
      may ? 'ok' : answer.error?.code === 'forbidden' ? 'forbidden' : 'not_found',
    );
    const words = await happenings(scene.conversationId, place, scene.otherMessage);
    const heard = (await everythingHeardBy(listener)).join('\n');
    expect(heard.includes(words), cell).toBe(may);
    expect(heard.includes(scene.conversationId), cell).toBe(may);
    looked[may ? 'hears' : 'refused']!++;
    await listener.socket.emitWithAck('conversation:close', { conversationId: scene.conversationId });
    await happenings(scene.conversationId, place, scene.otherMessage);
    expect((await everythingHeardBy(listener)).join('\n'), cell).not.toContain(scene.conversationId);
    listener.socket.disconnect();
  });
  expect(Math.min(...Object.values(looked))).toBeGreaterThan(living.length);
});
