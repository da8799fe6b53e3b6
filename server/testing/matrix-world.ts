import type { Answer } from '@parley/protocol/errors.ts';
import { signAccess } from '../identity/access-token.ts';
import { identity } from '../identity/identity.ts';
import { newId } from '../kernel/ids.ts';
import { trials, type DeclaredOperation } from '../permissions.ts';
import { socketWith } from './client.ts';
import { visitor } from './http.ts';
import type { Trials } from './trials.ts';
import type { Thing, Who } from './matrix.ts';
import type { World } from './world.ts';

/*
 * Trying one cell: an actor and a conversation of their own, made for it and used once, and the operation through its door.
 */

/** Those acts are about, the same for every cell: previews change nothing. */
export type Cast = Record<
  | 'pia'
  | 'tom'
  | 'nora'
  | 'member'
  | 'owner'
  | 'suspendedMember'
  | 'suspendedOwner'
  | 'invitedMember'
  | 'invitedOwner'
  | 'department'
  | 'task'
  | 'device'
  | 'ownersDevice',
  string
> & { password: string; email: string };

export async function makeCast({ db, person }: World): Promise<Cast> {
  const made = async (name: string, roles: string[], status = 'active') => {
    const { id } = await person(name, { roles });
    await db.rows(`update users set status = $2, invited_at = case when $2 = 'invited' then now() end where id = $1`, [
      id,
      status,
    ]);
    return id;
  };
  const [department, task, device, ownersDevice] = [newId(), newId(), newId(), newId()];
  const owner = await made('Otto', ['owner']);
  await made('Olga', ['owner', 'member']);
  const pia = await person('Pia');
  const member = await made('Mel', ['member']);
  await db.rows(`insert into departments (id, name) values ($1, 'Sales')`, [department]);
  await db.rows(
    `insert into tasks (id, kind, name, state, by_name, result, file_needs) values ($1, 'audit-export', 'a.ndjson', 'done', 'Otto', '{}', 'audit.read')`,
    [task],
  );
  await db.rows(`insert into task_files (task_id, number, text) values ($1, 0, 'the log')`, [task]);
  await db.rows(
    `insert into devices (id, user_id, name, refresh_hash) values ($1, $2, 'phone', 'x'), ($3, $4, 'phone', 'x')`,
    [device, member, ownersDevice, owner],
  );
  return {
    department,
    task,
    device,
    ownersDevice,
    owner,
    member,
    pia: pia.id,
    password: pia.password,
    email: pia.email,
    tom: await made('Tom', ['member']),
    nora: await made('Nora', ['member']),
    suspendedMember: await made('Sue', ['member'], 'suspended'),
    suspendedOwner: await made('Sol', ['owner'], 'suspended'),
    invitedMember: await made('Ivy', ['member'], 'invited'),
    invitedOwner: await made('Ian', ['owner'], 'invited'),
  };
}

/** What a cell is tried with. */
export type Scene = {
  cast: Cast;
  thing: Thing;
  userId: string;
  deviceId: string;
  token: string | undefined;
  conversationId: string;
  ownMessage: string;
  otherMessage: string;
  otherDevice: string;
  secret: string;
  /** Words of messages that were recalled: nobody hears them any more. */
  gone: string;
};

export async function setScene(world: World, cast: Cast, who: Who, thing: Thing): Promise<Scene> {
  const { db } = world;
  const [userId, deviceId, conversationId, ownMessage, otherMessage, otherDevice] = [
    newId(),
    newId(),
    newId(),
    newId(),
    newId(),
    newId(),
  ];
  const secret = `secret${conversationId.slice(-12)}`;
  const gone = `gone${conversationId.slice(-12)}`;
  await db.rows(
    `with u as (insert into users (id, kind, status, name, email) values ($1::uuid, $2, $3, 'Actor', $1::uuid || '@example.com')),
          g as (insert into role_grants (user_id, role) select $1::uuid, unnest($4::text[]))
     insert into devices (id, user_id, name, refresh_hash, ended_at) values ($5, $1::uuid, 'laptop', 'x', case when $6 then now() end)`,
    [
      userId,
      who.kind ?? 'person',
      who.refused === 'suspended' ? 'suspended' : 'active',
      who.roles,
      deviceId,
      who.refused === 'session_ended',
    ],
  );
  if (thing.place)
    await makeConversation(world, cast, who, thing, { userId, conversationId, ownMessage, otherMessage, secret, gone });
  if (thing.whose === 'another’s' && !thing.place)
    await db.rows(`insert into devices (id, user_id, name, refresh_hash) values ($1, $2, 'old phone', 'x')`, [
      otherDevice,
      cast.member,
    ]);
  const token =
    who.refused === 'unauthenticated'
      ? undefined
      : await signAccess(world.app.house.parts.use(identity).keys, {
          userId,
          deviceId,
          generation: 1,
          keyThumbprint: null,
        });
  return { cast, thing, userId, deviceId, token, conversationId, ownMessage, otherMessage, otherDevice, secret, gone };
}

type Names = Pick<Scene, 'userId' | 'conversationId' | 'ownMessage' | 'otherMessage' | 'secret' | 'gone'>;

/** Pia leads, Tom is a plain member, the actor is what they are; each has said something, and Pia has taken something back. */
async function makeConversation(
  { db }: World,
  cast: Cast,
  who: Who,
  { place = 'group', message }: Thing,
  { userId, conversationId, ownMessage, otherMessage, secret, gone }: Names,
): Promise<void> {
  const kind = place === 'direct' ? 'direct' : place.endsWith('group') ? 'group' : 'channel';
  const visibility = kind === 'channel' && place !== 'private channel' ? 'public' : 'private';
  await db.rows(
    `insert into conversations (id, kind, name, purpose, visibility, threading, last_seq, last_line, head, rev, member_count, direct_key, archived_at, last_at)
     values ($1, $2, $3, $4, $5, $6, 3, 3, 11, 1, 3, $7, case when $8 then now() end, now())`,
    [
      conversationId,
      kind,
      kind === 'direct' ? null : `${secret} name`,
      `${secret} purpose`,
      visibility,
      place === 'channel with topics' ? 'topics' : 'replies',
      kind === 'direct' ? conversationId : null,
      place.startsWith('archived'),
    ],
  );
  const roleIn = (role: string) => (kind === 'direct' ? 'member' : role);
  const members = [
    [cast.pia, roleIn('owner'), false],
    ...(kind === 'direct' ? [] : [[cast.tom, 'member', false]]),
    ...(who.standing
      ? [[userId, roleIn(who.standing === 'left' ? 'member' : who.standing), who.standing === 'left']]
      : []),
  ] as [string, string, boolean][];
  for (const [n, [id, role, left]] of members.entries())
    await db.rows(
      'insert into members (conversation_id, user_id, role, rev, left_at) values ($1, $2, $3, $4, case when $5 then now() end)',
      [conversationId, id, role, n + 2, left],
    );
  const said = [
    { id: otherMessage, sender: cast.pia, recalled: message === 'recalled' },
    { id: ownMessage, sender: who.standing ? userId : cast.pia, recalled: message === 'recalled' },
    { id: newId(), sender: cast.pia, recalled: true },
  ];
  for (const [n, { id, sender, recalled }] of said.entries()) {
    await db.rows(
      `insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, title, recalled_at)
       values ($1, $2, $3, $3, $4, $5, $6, $7, $8, case when $9 then now() end)`,
      [
        id,
        conversationId,
        n + 1,
        n + 8,
        sender,
        id,
        `${recalled ? gone : secret} body`,
        place === 'channel with topics' ? `${secret} topic` : null,
        recalled,
      ],
    );
    await db.rows(
      `insert into revisions (message_id, number, body, mentions, written_at, replaced_at, replaced_by, ended_by) values ($1, 1, $2, '{}', now(), now(), $3, $4)`,
      [id, `${recalled ? gone : secret} before`, sender, recalled ? 'recall' : 'edit'],
    );
  }
  await db.rows('insert into thread_follows (user_id, thread_id, conversation_id) values ($1, $2, $3)', [
    userId,
    otherMessage,
    conversationId,
  ]);
}

/** `ok` or the code of the refusal, and everything that was answered. */
export type Outcome = { code: string; text: string };

export async function tryCell(world: World, operation: DeclaredOperation, scene: Scene): Promise<Outcome> {
  if (operation.door === 'socket') return trySocket(world.origin, operation.name, scene);
  return operation.door === 'rest'
    ? tryRest(world.origin, operation.name, scene)
    : tryGraphql(world.origin, operation.name, scene);
}

async function trySocket(origin: string, name: string, scene: Scene): Promise<Outcome> {
  const words = wordsFor(name, scene);
  const socket = socketWith(origin, scene.token);
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      socket.once('connect_error', (error: Error & { data?: { code: string } }) =>
        error.data ? resolve({ code: error.data.code, text: JSON.stringify(error.data) }) : reject(error),
      );
      socket.once('connect', () =>
        socket.emit(name, words, (answer: Answer<unknown>) =>
          resolve({ code: answer.error?.code ?? 'ok', text: JSON.stringify(answer) }),
        ),
      );
    });
  } finally {
    socket.disconnect();
  }
}

async function tryRest(origin: string, name: string, scene: Scene): Promise<Outcome> {
  const [method = '', path = ''] = name.split(' ');
  const address = path
    .replace(':deviceId', scene.thing.whose === 'own' ? scene.deviceId : scene.otherDevice)
    .replace(':taskId', scene.cast.task);
  const reply = await visitor(origin, scene.token === undefined ? {} : { token: scene.token }).ask(
    method,
    address,
    (trials as Trials)[name]?.words?.(scene),
  );
  return { code: reply.body.error?.code ?? (reply.status < 300 ? 'ok' : String(reply.status)), text: reply.text };
}

async function tryGraphql(origin: string, name: string, scene: Scene): Promise<Outcome> {
  const who = visitor(origin, scene.token === undefined ? {} : { token: scene.token });
  const [kind, field = ''] = name.split(' ');
  if (kind === 'query') {
    const reply = await who.graphql(wordsFor(name, scene) as string);
    return { code: reply.code ?? 'ok', text: JSON.stringify(reply) };
  }
  const answer = await who.askAct(field, wordsFor(name, scene) as Record<string, unknown>);
  return { code: answer.code ?? 'ok', text: JSON.stringify(answer) };
}

function wordsFor(name: string, scene: Scene): unknown {
  const words = (trials as Trials)[name]?.words;
  if (!words) throw new Error(`nobody said with which words to try ${name}`);
  return words(scene);
}
