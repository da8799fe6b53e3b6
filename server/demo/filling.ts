import type { ClientBase } from 'pg';
import type { Room } from '../imports/arrivals.ts';
import { storeMessages } from '../imports/batch.ts';
import { MentionFinder } from '../imports/mentions.ts';
import { putMembers } from '../imports/rows.ts';
import type { Run } from '../imports/run.ts';
import { idFrom } from '../kernel/ids.ts';
import { writeEvents } from '../kernel/outbox.ts';
import { queryOf, writeDepartmentKeys, writePersonKeys } from '../users/key-store.ts';
import { momentOf } from './calendar.ts';
import { emailOf, type Company, type Someone, type Somewhere } from './company.ts';
import type { Said } from './scenes.ts';

const day = 86_400_000;

/** Departments, people and what they may do; returns everybody's id by key. */
export async function putPeople(
  client: ClientBase,
  { departments, people, ...company }: Company,
  now: number,
): Promise<Map<string, string>> {
  const began = now - 700 * day;
  const departmentIds = new Map(departments.map(({ key }) => [key, idFrom(began, `demo/department/${key}`)]));
  await client.query(
    'insert into departments (id, name, parent_id, created_at) select id, name, parent, $4 from unnest($1::uuid[], $2::text[], $3::uuid[]) as d (id, name, parent)',
    [
      departments.map(({ key }) => departmentIds.get(key)),
      departments.map(({ name }) => name),
      departments.map(({ within }) => (within ? departmentIds.get(within) : null)),
      new Date(began),
    ],
  );
  // Hired one after another over two years, the newest in the month that is told.
  const hired = people.map((person, index) =>
    person.key === 'ben' ? momentOf('22 08:30', now) : began + index * 24 * day,
  );
  const ids = new Map(people.map(({ key }, index) => [key, idFrom(hired[index]!, `demo/person/${key}`)]));
  await client.query(
    `insert into users (id, kind, name, email, title, locale, department_id, created_at)
     select id, kind, name, email, title, locale, department, to_timestamp(at / 1000.0)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::bigint[]) as p (id, kind, name, email, title, locale, department, at)`,
    [
      [...ids.values()],
      people.map((p) => p.kind ?? 'person'),
      people.map((p) => p.name),
      people.map((p) => emailOf(p, { departments, people, ...company })),
      people.map((p) => p.title ?? null),
      people.map((p) => p.locale ?? 'en'),
      people.map((p) => (p.department ? departmentIds.get(p.department) : null)),
      hired.map(Math.floor),
    ],
  );
  await writeDepartmentKeys(queryOf(client), [...departmentIds.values()]);
  await writePersonKeys(queryOf(client), [...ids.values()]);
  const roles = people.flatMap((person) => rolesOf(person).map((role) => ({ userId: ids.get(person.key)!, role })));
  await client.query('insert into role_grants (user_id, role) select * from unnest($1::uuid[], $2::text[])', [
    roles.map(({ userId }) => userId),
    roles.map(({ role }) => role),
  ]);
  await writeEvents(client, [
    ...[...departmentIds.values()].map((departmentId) => ({
      type: 'department.created',
      payload: { departmentId },
      actorId: null,
    })),
    ...[...ids.values()].map((userId) => ({ type: 'user.created', payload: { userId }, actorId: null })),
    ...roles.map((grant) => ({ type: 'role.granted', payload: grant, actorId: null })),
  ]);
  return ids;
}

const rolesOf = (person: Someone): string[] => person.roles ?? (person.kind === 'bot' ? [] : ['member']);

/** The conversations of company.json, and a direct one for each pair that talks. */
export function placesOf(company: Company, said: readonly Said[]): Somewhere[] {
  const pairs = [...new Set(said.map(({ conversation }) => conversation))].filter((key) => key.includes('+'));
  return [
    ...company.conversations,
    ...pairs.map((key): Somewhere => ({
      key,
      kind: 'direct',
      name: null,
      purpose: '',
      owner: null,
      members: key.split('+'),
    })),
  ];
}

/** The rooms with everybody in them, still empty; returns them by key. */
export async function putRooms(
  client: ClientBase,
  places: Somewhere[],
  company: Company,
  ids: Map<string, string>,
  now: number,
): Promise<Map<string, Room>> {
  const colleagues = company.people.filter((person) => !person.kind).map((person) => person.key);
  const rooms = new Map<string, Room>();
  for (const [index, place] of places.entries()) {
    const at = now - (60 - (index % 20)) * day;
    const id = idFrom(at, `demo/conversation/${place.key}`);
    const keys = [
      ...new Set([
        ...(place.owner ? [place.owner] : []),
        ...(place.members === 'everyone' ? colleagues : place.members),
      ]),
    ];
    const people = keys.map((key) => ids.get(key) ?? unknown(key));
    const visibility = place.kind === 'channel' ? 'public' : 'private';
    await client.query(
      `insert into conversations (id, kind, name, purpose, visibility, threading, direct_key, created_by, created_at, head) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        id,
        place.kind,
        place.name,
        place.purpose,
        visibility,
        place.threading ?? 'replies',
        place.kind === 'direct' ? [...people].sort().join(':') : null,
        ids.get(place.owner ?? keys[0]!),
        new Date(at),
        people.length,
      ],
    );
    const joining = people.map((userId, order) => ({ roomId: id, userId, at, rev: order + 1 }));
    const leads = place.owner ? 1 : 0;
    await putMembers(client, joining.slice(0, leads), 'owner');
    await putMembers(client, joining.slice(leads));
    await writeEvents(client, [
      { type: 'conversation.created', payload: { conversationId: id, kind: place.kind, visibility }, actorId: null },
      ...people.map((userId, order) => ({
        type: 'member.added',
        payload: { conversationId: id, userId, role: order < leads ? 'owner' : 'member' },
        actorId: null,
      })),
    ]);
    rooms.set(place.key, {
      id,
      threading: place.threading ?? 'replies',
      isDirect: place.kind === 'direct',
      isNew: true,
      lineBefore: 0,
      topics: new Map(),
      members: new Set(people),
      seenSeq: 0,
      newestLive: -Infinity,
    });
  }
  return rooms;
}

function unknown(key: string): never {
  throw new Error(`The demo's talk or company names "${key}", who is not in company.json`);
}

/** Numbers and stores the talk as an import does: that is the one place where the past is written. */
export async function putTalk(
  client: ClientBase,
  company: Company,
  said: readonly Said[],
  ids: Map<string, string>,
  rooms: Map<string, Room>,
): Promise<void> {
  const nameOf = (index: number) => `demo-${index + 1}`;
  const run: Run = {
    source: 'demo',
    people: ids,
    rooms,
    mentions: new MentionFinder([]),
    answered: new Set(said.flatMap(({ answers }) => (answers === null ? [] : [nameOf(answers)]))),
    places: new Map(),
    undo: [],
  };
  const handle = new RegExp(`@(${company.people.map((person) => person.key).join('|')})\\b`, 'g');
  await storeMessages(
    client,
    run,
    said.map(({ conversation, who, at, text, topic, answers }, index) => {
      const room = rooms.get(conversation) ?? unknown(conversation);
      const senderId = ids.get(who)!;
      if (!room.members.has(senderId)) throw new Error(`${who} speaks in ${conversation} without being in it`);
      const named = [...new Set([...text.matchAll(handle)].map((match) => ids.get(match[1]!)!))];
      const body = text.replace(handle, (_, key: string) => `<@${ids.get(key)}>`);
      const line = {
        number: index + 1,
        id: nameOf(index),
        at,
        channel: '',
        topic,
        sender: who,
        to: null,
        text: body,
        bot: false,
        parents: answers === null ? [] : [nameOf(answers)],
        mentions: [],
      };
      return { id: idFrom(at, `demo/message/${index}`), room, senderId, line, body, mentions: named };
    }),
  );
  // An import does not know where its people were back then. Here everybody has been where they are all along, and numbers are read by it.
  await client.query(
    'update messages m set department_id = u.department_id from users u where u.id = m.sender_id and u.department_id is not null',
  );
}

/** Everybody has read up to when they last looked, so that those who sign in find something waiting. */
export async function putReading(
  client: ClientBase,
  company: Company,
  ids: Map<string, string>,
  rooms: Map<string, Room>,
  now: number,
): Promise<void> {
  const people = company.people.map((person) => ids.get(person.key)!);
  const looked = company.people.map((person) => new Date(person.lastLooked ? momentOf(person.lastLooked, now) : now));
  await client.query(
    `update members m set read_line = greatest(m.read_line, (select coalesce(max(s.line), 0) from messages s where s.conversation_id = m.conversation_id and s.created_at <= l.at))
     from unnest($1::uuid[], $2::timestamptz[]) as l (id, at) where m.user_id = l.id`,
    [people, looked],
  );
  await client.query(
    `update thread_follows f set read_answers = greatest(f.read_answers, (select count(*) from messages a where a.thread_id = f.thread_id and a.created_at <= l.at))
     from unnest($1::uuid[], $2::timestamptz[]) as l (id, at) where f.user_id = l.id`,
    [people, looked],
  );
  for (const { key, pinned = [], muted = [] } of company.people) {
    for (const [column, places] of [
      ['pinned', pinned],
      ['muted', muted],
    ] as const) {
      if (places.length > 0)
        await client.query(`update members set ${column} = true where user_id = $1 and conversation_id = any ($2)`, [
          ids.get(key),
          places.map((place) => rooms.get(place)!.id),
        ]);
    }
  }
}
