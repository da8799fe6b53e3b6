import { shallowRef } from 'vue';
import type { ShallowRef } from 'vue';
import { createParley } from '@parley/sdk/client.ts';
import type { Changed } from '@parley/sdk/client.ts';
import type { Person } from '@parley/protocol/people.ts';
import { deviceKeyIn } from '@parley/sdk/device-key.ts';
import { deviceName } from '@parley/look/device.ts';
import { browserKeyPlace } from '@parley/look/device-key-place.ts';
import { browserStorage } from './storage.ts';

/** The one signed-in device this page is. Everything on screen is read from it through the functions below, which Vue can watch. */
export const parley = createParley({
  origin: location.origin,
  storage: browserStorage(),
  device: deviceName(navigator.userAgent),
  key: deviceKeyIn(browserKeyPlace),
});

// One counter a topic. Reading a fact touches its counter, so a component is drawn again only when its own facts moved.
const counters = new Map<string, ShallowRef<number>>();
function touch(topic: string) {
  let counter = counters.get(topic);
  if (!counter) counters.set(topic, (counter = shallowRef(0)));
  return counter.value;
}
function move(topic: string) {
  const counter = counters.get(topic);
  if (counter) counter.value++;
}

// The list depends on every conversation: under heavy traffic it is sorted again at most twenty times a second.
// A timer rather than an animation frame: the unread count in the title must stay true in a window nobody looks at.
let listMoves: ReturnType<typeof setTimeout> | undefined;
const moveList = () =>
  (listMoves ??= setTimeout(() => {
    listMoves = undefined;
    move('list');
  }, 50));

const tellers: { [T in Changed['topic']]: (changed: Extract<Changed, { topic: T }>) => void } = {
  state: () => move('state'),
  storage: () => move('storage'),
  me: () => move('me'),
  conversations: () => {
    for (const [topic, counter] of counters) if (topic.startsWith('conversation:')) counter.value++;
    moveList();
  },
  conversation: ({ id }) => {
    move(`conversation:${id}`);
    moveList();
  },
  people: ({ ids }) => {
    for (const id of ids) move(`person:${id}`);
    moveList();
  },
  typing: ({ conversationId }) => move(`typing:${conversationId}`),
  presence: ({ userIds }) => {
    for (const id of userIds) move(`presence:${id}`);
  },
  pending: ({ conversationId }) => {
    move(`pending:${conversationId}`);
    move('storage');
  },
};
parley.subscribe((changed) => (tellers[changed.topic] as (changed: Changed) => void)(changed));

export const line = () => (touch('state'), { state: parley.state, problem: parley.problem });
/** Whether this browser keeps what waits to be sent, and whether something waits that it does not hold. */
export const storage = () => (
  touch('storage'),
  { fails: parley.storage === 'failing', unkept: parley.pending().some(({ kept }) => !kept) }
);
export const me = () => (touch('me'), parley.store.me);
export const may = (permission: string) => me()?.permissions.includes(permission) ?? false;
/** Absent in what an older version kept in this browser; the server says it again at once. */
export const mayCreate = (kind: 'group' | 'channel') => me()?.creates?.includes(kind) ?? false;
export const allConversations = () => (touch('list'), [...parley.store.conversations.values()]);
export const summaryOf = (id: string) => (touch(`conversation:${id}`), parley.store.conversations.get(id));
export const unreadOf = (id: string) => (
  touch(`conversation:${id}`),
  { unread: parley.store.unread(id), mentions: parley.store.mentions(id) }
);
export const personOf = (id: string): Person | undefined => (touch(`person:${id}`), parley.store.person(id));
export const typingIn = (id: string, threadId: string | null) => (
  touch(`typing:${id}`),
  parley.store.typing(id, threadId)
);
export const presenceOf = (id: string) => (touch(`presence:${id}`), parley.store.presence(id));
