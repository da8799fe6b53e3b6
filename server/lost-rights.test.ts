import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerEvents } from '@parley/protocol/catalogue.ts';
import type { Change, MineEvent } from '@parley/protocol/sync.ts';
import { permissions } from '@parley/protocol/permissions.ts';
import * as access from './access/access.ts';
import { permissionsOf, roleNames, type Role } from './access/roles.ts';
import { socketCalls } from './app.ts';
import { runOperation } from './doors/operation.ts';
import { system } from './kernel/actor.ts';
import { inWork } from './kernel/work.ts';
import { trials as declared } from './permissions.ts';
import { makeCast, setScene as setMatrixScene } from './testing/matrix-world.ts';
import type { Trials } from './testing/trials.ts';
import { socketWith, until, type TestClient } from './testing/client.ts';
import { visitor, type Visitor } from './testing/http.ts';
import { inParallel } from './testing/hostile.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * What a person hears after they lost the right to it while they were connected: every way of losing one, against every
 * kind of event. Both are tables. A kind of event that is added to the protocol and not here does not compile; a role
 * that is added is tried by itself.
 */

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  await world.person('Oscar', { roles: ['owner'] });
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(() => world?.close());

const trials = declared as Trials;

type Kind =
  | `change ${Change['kind']}`
  | `mine ${MineEvent['kind']}`
  | Exclude<keyof ServerEvents, 'change' | 'mine' | 'bye' | 'rights'>;

/**
 * One way's people: Pia speaks and leads, the subject listens and loses. `conversationId` is where, `asideId` a group
 * of Pia's and Tom's.
 */
type Scene = {
  pia: TestClient;
  witness: TestClient;
  tomId: string;
  subjectId: string;
  deviceId: string;
  token: string;
  ears: Ears;
  conversationId: string;
  asideId: string;
  messageId: string;
  away: boolean;
};

/** What reaches one connection. */
type Ears = { socket: Socket; frames: [string, Record<string, never>][] };

/** What makes each kind of event. The subject is told last, by name, what is theirs. */
const happenings: Record<Kind, (scene: Scene) => Promise<unknown>> = {
  'change message': async ({ pia, conversationId, messageId }) => {
    const { id } = await pia.says('said', { in: conversationId });
    await pia.call('message:edit', { conversationId, messageId, body: `edited ${id}` });
    await pia.call('pin:add', { conversationId, messageId });
    await pia.call('pin:remove', { conversationId, messageId });
    await pia.call('message:recall', { conversationId, messageId: id });
  },
  'change answers': ({ pia, conversationId, messageId }) =>
    pia.says('an answer', { in: conversationId, threadId: messageId }),
  'change member': async ({ pia, conversationId, tomId }) => {
    await pia.call('member:add', { conversationId, userIds: [tomId] });
    await pia.call('member:remove', { conversationId, userId: tomId });
  },
  'change conversation': ({ pia, conversationId }) =>
    pia.call('conversation:rename', { conversationId, name: 'named' }),
  'mine mine': async ({ pia, conversationId, subjectId: userId }) => {
    // Only a member has anything of their own here.
    for (const role of ['moderator', 'member'] as const)
      await pia.tries('member:role', { conversationId, userId, role });
  },
  'mine joined': async ({ pia, asideId, subjectId }) => {
    await pia.call('member:add', { conversationId: asideId, userIds: [subjectId] });
    await pia.says('welcome', { in: asideId });
  },
  // A suspended person cannot be added to anything.
  'mine left': ({ pia, asideId, subjectId }) =>
    pia.tries('member:remove', { conversationId: asideId, userId: subjectId }),
  typing: async ({ pia, conversationId }) => {
    await pia.call('typing:set', { conversationId, typing: true });
    await pia.call('typing:set', { conversationId, typing: false });
  },
  presence: async (scene) => {
    scene.away = !scene.away;
    const state = scene.away ? 'away' : 'online';
    await scene.pia.call('presence:set', { state });
    await until(
      () =>
        scene.witness.others.some(
          ({ event, payload }) =>
            event === 'presence' &&
            (payload as { userId: string }).userId === scene.pia.userId &&
            (payload as { state: string }).state === state,
        ),
      'the presence to be told',
    );
    scene.witness.others.length = 0;
  },
};
const kinds = Object.keys(happenings) as Kind[];
const inTheRoom = kinds.filter((kind) => kind.startsWith('change') || kind === 'typing');
const others = kinds.filter((kind) => !inTheRoom.includes(kind) && kind !== 'mine mine');

type Way = {
  name: string;
  roles: Role[];
  kind?: 'guest';
  /** `looking`: not a member, with the public channel open. */
  as: 'member' | 'looking';
  lose(scene: Scene): Promise<unknown>;
  /** What is still heard afterwards; null: the connection is gone. */
  keeps: readonly Kind[] | null;
  /** Gives back what was lost; from then on the same connection hears again. */
  giveBack?(scene: Scene): Promise<unknown>;
  /** Whether the person may connect anew. */
  returns: boolean;
};

const withdraw = (role: Role) => ({
  lose: ({ subjectId: userId }: Scene) => done(olga.act('withdrawRole', { userId, role })),
  giveBack: ({ subjectId: userId }: Scene) => done(olga.act('grantRole', { userId, role })),
});
const done = async (act: ReturnType<Visitor['act']>) => expect((await act).code).toBeUndefined();
const allows = (held: Role[], permission: string) => (permissionsOf(held) as ReadonlySet<string>).has(permission);

/** Every role with which one hears anything, taken from a person who has it alone, and from one who keeps another. */
const byRole: Way[] = roleNames
  .filter((role) => allows([role], 'conversations.read'))
  .flatMap((role) =>
    [[], ['analyst'] as Role[], ['guest'] as Role[]]
      .filter((kept) => !kept.includes(role))
      .flatMap((kept) => {
        const reads = allows(kept, 'conversations.read');
        const way = {
          roles: [role, ...kept],
          ...(role === 'guest' && kept.length === 0 ? { kind: 'guest' as const } : {}),
          returns: true,
          ...withdraw(role),
        };
        const what = `the role ${role} withdrawn from ${kept.length > 0 ? `a person who keeps ${kept.join()}` : 'a person who has no other'}`;
        // Pia is seen with people.read, and by those who read what they share with her.
        const presence: Kind[] = allows(kept, 'people.read') || reads ? ['presence'] : [];
        const member: Way = { ...way, name: `${what}, a member`, as: 'member', keeps: reads ? kinds : presence };
        if (!allows([role], 'channels.browse')) return [member];
        const seen: Kind[] = allows(kept, 'people.read') ? ['presence'] : [];
        return [
          member,
          {
            ...way,
            name: `${what}, looking at a channel`,
            as: 'looking' as const,
            keeps: reads ? ['mine joined', 'mine left'] : seen,
          },
        ];
      }),
  );

const member: Pick<Way, 'roles' | 'as'> = { roles: ['member'], as: 'member' };
const remove = ({ pia, conversationId, subjectId: userId }: Scene) =>
  pia.call('member:remove', { conversationId, userId });
const addAgain = ({ pia, conversationId, subjectId }: Scene) =>
  pia.call('member:add', { conversationId, userIds: [subjectId] });

const ways: Way[] = [
  ...byRole,
  { name: 'removed by another', ...member, lose: remove, giveBack: addAgain, keeps: others, returns: true },
  {
    name: 'leaving',
    ...member,
    lose: ({ ears, conversationId }) => ears.socket.emitWithAck('conversation:leave', { conversationId }),
    giveBack: addAgain,
    keeps: others,
    returns: true,
  },
  {
    name: 'a guest removed by another, who sees no person there any more',
    roles: ['guest'],
    kind: 'guest',
    as: 'member',
    lose: remove,
    giveBack: addAgain,
    keeps: ['mine joined', 'mine left'],
    returns: true,
  },
  {
    name: 'no longer looking',
    roles: ['member'],
    as: 'looking',
    lose: ({ ears, conversationId }) => ears.socket.emitWithAck('conversation:close', { conversationId }),
    keeps: others,
    returns: true,
  },
  {
    name: 'the channel made private, looking at it',
    roles: ['member'],
    as: 'looking',
    lose: ({ pia, conversationId }) => pia.call('conversation:make-private', { conversationId }),
    keeps: others,
    returns: true,
  },
  {
    name: 'the channel made private, a member',
    ...member,
    lose: ({ pia, conversationId }) => pia.call('conversation:make-private', { conversationId }),
    keeps: kinds,
    returns: true,
  },
  {
    name: 'suspended',
    ...member,
    lose: ({ subjectId }) => done(olga.act('suspendPeople', { ids: [subjectId] })),
    keeps: null,
    returns: false,
  },
  {
    name: 'the device ended by an administrator',
    ...member,
    lose: ({ deviceId }) => done(olga.act('endDevices', { ids: [deviceId] })),
    keeps: null,
    returns: false,
  },
  {
    name: 'signed out at this device',
    ...member,
    lose: ({ token }) =>
      fetch(`${world.origin}/api/session`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } }),
    keeps: null,
    returns: false,
  },
];

async function listen(token: string): Promise<Ears> {
  const socket = socketWith(world.origin, token);
  const frames: Ears['frames'] = [];
  socket.onAny((event: string, payload: Record<string, never>) => void frames.push([event, payload]));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return { socket, frames };
}

let scenes = 0;
async function setScene({ roles, kind, as }: Way): Promise<Scene> {
  const n = scenes++;
  const [pia, witness, tom] = [
    await world.device(`Pia ${n}`),
    await world.device(`Witness ${n}`),
    await world.person(`Tom ${n}`),
  ];
  const subject = await world.device(`Subject ${n}`, { roles, ...(kind ? { kind } : {}) });
  subject.close();
  const { conversation } = await pia.group('here', as === 'member' ? [subject] : [], {
    kind: 'channel',
    visibility: 'public',
  });
  const { conversation: aside } = await pia.group('aside', []);
  const { id: messageId } = await pia.says('the first', { in: conversation.id });
  const [device] = await world.db.rows<{ id: string }>('select id from devices where user_id = $1', [subject.userId]);
  await witness.call('presence:watch', { userIds: [pia.userId] });
  const token = subject.session.accessToken;
  const scene = {
    pia,
    witness,
    tomId: tom.id,
    subjectId: subject.userId,
    deviceId: device!.id,
    token,
    ears: await listen(token),
    conversationId: conversation.id,
    asideId: aside.id,
    messageId,
    away: false,
  };
  await attend(scene, as, scene.ears);
  return scene;
}

/** What a client does once it is connected: watches the people it shows, and opens the channel it looks at. */
async function attend({ pia, conversationId }: Scene, as: Way['as'], { socket }: Ears): Promise<void> {
  await socket.emitWithAck('presence:watch', { userIds: [pia.userId] });
  if (as === 'looking') await socket.emitWithAck('conversation:open', { conversationId });
}

/** Lets everything happen once, and answers which kinds of it reached this connection. */
async function heard(scene: Scene, ears: Ears, right: readonly Kind[]): Promise<Kind[]> {
  const { socket, frames } = ears;
  frames.length = 0;
  for (const kind of kinds) await happenings[kind](scene);
  const hears = () => frames.some(([event]) => event === 'presence');
  // A hint is not said to a connection that has anything unread: one that is right to come may take more than one try.
  for (let tries = 0; tries < 5 && right.includes('presence') && !hears(); tries++) await happenings.presence(scene);
  // Answers and events of a connection keep their order.
  if (socket.connected) await socket.emitWithAck('session:me', {});
  const here = new Set(
    frames.flatMap(([event, payload]): string[] => {
      const { conversationId, userId } = payload;
      // Hearing the other group is part of having been taken into it.
      if (event === 'change' && conversationId === scene.asideId) return ['mine joined'];
      if (event === 'change') return conversationId === scene.conversationId ? [`change ${kindOf(payload)}`] : [];
      if (event === 'mine') return [`mine ${String(payload['kind'])}`];
      if (event === 'typing') return conversationId === scene.conversationId ? ['typing'] : [];
      return event === 'presence' && userId === scene.pia.userId ? ['presence'] : [];
    }),
  );
  return kinds.filter((kind) => here.has(kind));
}
const kindOf = ({ change }: Record<string, unknown>) => (change as Change).kind;

test('after a right is lost nothing more is heard, on this connection or the next', { timeout: 600_000 }, async () => {
  const wrong: string[] = [];
  const check = async (way: Way, when: string, scene: Scene, ears: Ears, right: readonly Kind[]) => {
    const got = await heard(scene, ears, right);
    if (String(got) !== String(kinds.filter((kind) => right.includes(kind))))
      wrong.push(
        `${way.name}, ${when}: heard ${got.join(', ') || 'nothing'} instead of ${right.join(', ') || 'nothing'}`,
      );
  };
  await inParallel(ways, 4, async (way) => {
    const scene = await setScene(way);
    const before = way.as === 'member' ? kinds : [...inTheRoom, ...others];
    await check(way, 'before', scene, scene.ears, before);
    await way.lose(scene);
    if (way.keeps === null) await until(() => !scene.ears.socket.connected, `${way.name}: the connection to end`);
    await check(way, 'after', scene, scene.ears, way.keeps ?? []);
    const next = way.returns ? await listen(scene.token) : null;
    expect(
      next ??
        (await listen(scene.token).then(
          () => 'let in',
          () => null,
        )),
      way.name,
    ).toEqual(next);
    if (next) {
      await attend(scene, way.as, next);
      const mayLookAgain = way.name === 'no longer looking' ? inTheRoom : [];
      await check(way, 'connected anew', scene, next, [...(way.keeps ?? []), ...mayLookAgain]);
      next.socket.disconnect();
    }
    if (way.giveBack) {
      await way.giveBack(scene);
      // What a client does when it hears of new rights.
      await attend(scene, way.as, scene.ears);
      await check(way, 'given back', scene, scene.ears, before);
    }
    scene.ears.socket.disconnect();
  });
  expect(wrong).toEqual([]);
  expect(ways.length).toBeGreaterThan(25);
});

test('a person without conversations.read is not given a conversation by sync:start', async () => {
  const [pia, alice] = [await world.device('Pia of sync'), await world.device('Alice of sync')];
  const { conversation } = await pia.group('confidential', [alice]);
  await pia.says('CONFIDENTIAL', { in: conversation.id });
  await done(olga.act('withdrawRole', { userId: alice.userId, role: 'member' }));
  expect(await alice.tries('sync:start', {})).toBe('forbidden');
  expect(alice.others.filter(({ event }) => event === 'rights')).toEqual([{ event: 'rights', payload: {} }]);
  alice.close();
  await alice.connect();
  expect(await alice.tries('sync:start', {})).toBe('forbidden');
  expect((await alice.call('session:me', {})).permissions).toEqual([]);
});

test('without conversations.read no call returns words, whatever it asks for', { timeout: 120_000 }, async () => {
  const cast = await makeCast(world);
  const { house } = world.app;
  const silent = new Set(Object.keys(permissions).filter((permission) => permission !== 'conversations.read'));
  const told: string[] = [];
  for (const place of ['public channel', 'group', 'direct'] as const) {
    const who = { name: 'member', roles: ['member' as const], standing: 'member' as const };
    const scene = await setMatrixScene(world, cast, who, { place, whose: 'own' });
    const actor = {
      kind: 'person' as const,
      id: scene.userId,
      name: 'Actor',
      deviceId: scene.deviceId,
      permissions: silent,
    };
    for (const call of socketCalls) {
      const words = call.name === 'conversation:direct' ? { userId: cast.pia } : trials[call.name]!.words!(scene);
      const { ok, error } = await runOperation(house, actor, call, words, { door: 'socket' });
      if (JSON.stringify(ok ?? error).includes(scene.secret)) told.push(`${call.name} in ${place}`);
    }
  }
  expect(told).toEqual([]);
});

test('rooms are left before a withdrawal commits, and a failed one gives them back', async () => {
  const [pia, ben] = [await world.device('Pia of window'), await world.device('Ben of window')];
  const { conversation } = await pia.group('window', [ben]);
  const { house } = world.app;
  const listeners = () => house.broadcast.seatsIn(`conversation:${conversation.id}`).map(({ personId }) => personId);
  const seen: string[][] = [];
  const failing = inWork(house, system('the test'), async (work) => {
    await access.withdraw(work, ben.userId, 'member', { reason: 'a test' });
    seen.push(listeners());
    work.beforeCommit(() => {
      seen.push(listeners());
      throw new Error('the commit fails');
    });
  });
  await expect(failing).rejects.toThrow('the commit fails');
  expect(seen.map((there) => there.includes(ben.userId))).toEqual([true, false]);
  await until(() => ben.socket?.connected === false, 'the connection to be sent away');
  expect(ben.others.find(({ event }) => event === 'bye')?.payload).toMatchObject({ code: 'resync' });
  await ben.connect();
  await pia.says('still here', { in: conversation.id });
  await until(() => ben.heard(conversation.id).includes('still here'), 'the message');
});
