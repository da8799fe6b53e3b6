import { permissionsOf, type Role } from '../access/roles.ts';
import { trials, type DeclaredOperation, type Demand } from '../permissions.ts';

/*
 * What the house promises about who may do what, said a second time and by itself: for every actor, operation and object the one answer that is
 * right. Nothing here asks the code that is judged.
 */

export type Who = {
  name: string;
  roles: Role[];
  kind?: 'guest';
  /** What they are in the conversation the cell is about. */
  standing: 'owner' | 'moderator' | 'member' | 'left' | null;
  /** Refused at every door, with this. */
  refused?: 'unauthenticated' | 'suspended' | 'session_ended';
};

export const actors: Who[] = [
  { name: 'anonymous', roles: [], standing: null, refused: 'unauthenticated' },
  { name: 'guest, member', roles: ['guest'], kind: 'guest', standing: 'member' },
  { name: 'guest, outside', roles: ['guest'], kind: 'guest', standing: null },
  { name: 'member', roles: ['member'], standing: 'member' },
  { name: 'outsider', roles: ['member'], standing: null },
  { name: 'ex-member', roles: ['member'], standing: 'left' },
  { name: 'moderator', roles: ['member'], standing: 'moderator' },
  { name: 'owner of the conversation', roles: ['member'], standing: 'owner' },
  { name: 'administrator', roles: ['administrator'], standing: null },
  { name: 'auditor', roles: ['auditor'], standing: null },
  { name: 'analyst', roles: ['analyst'], standing: null },
  { name: 'owner', roles: ['owner'], standing: null },
  { name: 'suspended', roles: ['owner', 'member'], standing: 'member', refused: 'suspended' },
  { name: 'ended device', roles: ['owner', 'member'], standing: 'member', refused: 'session_ended' },
];

export const places = [
  'public channel',
  'private channel',
  'group',
  'direct',
  'archived channel',
  'archived group',
  'channel with topics',
] as const;
export type Place = (typeof places)[number];
export type Thing = {
  place?: Place;
  whose?: 'own' | 'another’s';
  target?: 'weaker' | 'stronger';
  message?: 'standing' | 'recalled';
};

const isPublic = (place: Place) =>
  place === 'public channel' || place === 'archived channel' || place === 'channel with topics';
const isArchived = (place: Place) => place.startsWith('archived');
const inPlaces = places.map((place) => ({ place }));
const whoseInPlaces = places.flatMap((place) => [
  { place, whose: 'own' as const },
  { place, whose: 'another’s' as const },
]);
/** A message of somebody's, in every place; and one that was recalled, which has no words any more to do anything with. */
const messages: Thing[] = [
  ...whoseInPlaces,
  ...whoseInPlaces
    .filter(({ place }) => place === 'group' || place === 'public channel')
    .map((thing) => ({ ...thing, message: 'recalled' as const })),
];
const targets: Thing[] = [{ target: 'weaker' }, { target: 'stronger' }];

/** The kinds of object each demand looks at. */
export const thingsOf: Record<Demand, Thing[]> = {
  nothing: [{}],
  reader: inPlaces,
  member: inPlaces,
  writer: inPlaces,
  keeper: messages,
  rereader: messages,
  author: messages,
  authorOrLeader: messages,
  leader: inPlaces,
  adder: inPlaces,
  owner: inPlaces,
  newcomer: inPlaces,
  leaver: inPlaces,
  ownDevice: [{ whose: 'own' }, { whose: 'another’s' }],
  ownPassword: [{}],
  notStronger: targets,
  roleWithin: targets,
  reason: inPlaces,
  file: [{}],
};

/** Operations anybody may try, and what comes of it with the words the test says. */
const open: Record<string, string> = {
  'GET /api/status': 'ok',
  'POST /api/set-up': 'conflict',
  'POST /api/invitation': 'wrong_credentials',
  'POST /api/password-reset/person': 'wrong_credentials',
  'POST /api/password-reset': 'wrong_credentials',
  'POST /api/session': 'ok',
  'POST /api/session/refresh': 'unauthenticated',
  'DELETE /api/session': 'ok',
};

export const isInside = ({ standing }: Who) => standing !== null && standing !== 'left';
/** Whether the actor may know anything of what is said in the place. */
export const mayRead = (who: Who, place: Place) =>
  !who.refused &&
  allowed(who, 'conversations.read') &&
  (isInside(who) || (isPublic(place) && allowed(who, 'channels.browse')));
const allowed = ({ roles }: Who, permission: string) => (permissionsOf(roles) as ReadonlySet<string>).has(permission);

/** The one right answer: `ok`, or the code of the refusal. */
export function rightAnswer({ name, permission }: DeclaredOperation, who: Who, thing: Thing): string {
  if (permission === 'everyone') return open[name] ?? 'ok';
  if (who.refused) return who.refused;
  if (permission !== 'signed-in' && !allowed(who, permission)) return 'forbidden';
  return answers[trials[name]!.asks](
    who,
    { place: 'group', whose: 'own', target: 'weaker', message: 'standing', ...thing },
    name,
  );
}

type Answer = (who: Who, thing: Required<Thing>, name: string) => string;

const leader: Answer = (who, { place }) => {
  if (!isInside(who)) return 'not_found';
  if (place === 'direct') return 'forbidden';
  if (who.standing === 'member' && !place.endsWith('group')) return 'forbidden';
  return isArchived(place) ? 'archived' : 'ok';
};
const writer: Answer = (who, { place }, name) =>
  !isInside(who) ? 'not_found' : !isArchived(place) ? 'ok' : name === 'message:send' ? 'archived' : 'conflict';
const only = (first: string, then: () => boolean) => (first === 'ok' && !then() ? 'forbidden' : first);
/** Of a recalled message only that it was recalled can be changed: nothing. */
const standing = (first: string, { message }: Thing) => (first === 'ok' && message === 'recalled' ? 'conflict' : first);
const isOwner = (who: Who) => who.roles.includes('owner');

const answers: Record<Demand, Answer> = {
  nothing: () => 'ok',
  reader: (who, { place }) =>
    isInside(who) || (isPublic(place) && allowed(who, 'channels.browse')) ? 'ok' : 'not_found',
  member: (who) => (isInside(who) ? 'ok' : 'not_found'),
  writer,
  keeper: (who, thing, name) => standing(writer(who, thing, name), thing),
  rereader: (who, thing) => standing(isInside(who) ? 'ok' : 'not_found', thing),
  author: (who, thing, name) =>
    standing(
      only(writer(who, thing, name), () => thing.whose === 'own'),
      thing,
    ),
  authorOrLeader: (who, thing, name) =>
    only(
      writer(who, thing, name),
      () =>
        thing.whose === 'own' ||
        (who.standing !== 'member' && thing.place !== 'direct' && allowed(who, 'messages.moderate')),
    ),
  leader,
  // The person to be added is one whom a guest does not see.
  adder: (who, thing, name) => {
    const answer = leader(who, thing, name);
    return answer === 'ok' && !allowed(who, 'people.read') ? 'not_found' : answer;
  },
  owner: (who, thing, name) => only(leader(who, thing, name), () => who.standing === 'owner'),
  newcomer: (who, { place }) =>
    !isInside(who) && !isPublic(place) ? 'not_found' : isArchived(place) ? 'archived' : 'ok',
  leaver: (who, { place }) => (!isInside(who) ? 'not_found' : place === 'direct' ? 'forbidden' : 'ok'),
  ownDevice: (who, { whose }) =>
    whose === 'own' || allowed(who, 'devices.end') ? 'ok' : allowed(who, 'devices.read') ? 'forbidden' : 'not_found',
  // The actors of the matrix have no password that could be changed; password-change.test.ts tries those who have.
  ownPassword: () => 'conflict',
  // An administrator is stronger than members and weaker than owners.
  notStronger: (who, { target }) => (target === 'weaker' || isOwner(who) ? 'ok' : 'forbidden'),
  roleWithin: (who, { target }) => (target === 'weaker' || isOwner(who) ? 'ok' : 'forbidden'),
  reason: () => 'ok',
  file: (who) => (allowed(who, 'audit.read') ? 'ok' : 'forbidden'),
};
