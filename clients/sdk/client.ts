import type { CallName } from '@parley/protocol/catalogue.ts';
import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import { faults } from '@parley/protocol/errors.ts';
import { mentionsIn, untouched, type Message, type Sent } from '@parley/protocol/messages.ts';
import type { Me } from '@parley/protocol/people.ts';
import { createAccount } from './account.ts';
import { createConnection, type Calls } from './connection.ts';
import { ParleyError } from './failure.ts';
import { createFollowing } from './following.ts';
import { openTimeline, type OpenTimeline } from './open-timeline.ts';
import type { Entry, Options, Parley, Pending, Place, State, Status, Store, Timeline } from './parley.ts';
import { createPending } from './pending.ts';
import { createPeople } from './people.ts';
import { createPresence } from './presence.ts';
import { createReadMarks } from './read-marks.ts';
import { createSession } from './session.ts';
import { createSteadyStorage, type StorageState } from './steady-storage.ts';
import type { Storage } from './storage.ts';
import { createStore } from './store.ts';
import { createSync } from './sync.ts';
import { browserTabs, type TabNews, type Tabs } from './tabs.ts';
import { createTopics, type Changed } from './topics.ts';
import { createTyping } from './typing.ts';

/*
 * A Parley device for browsers, Node and bots, without a page and without a framework:
 *
 *   const parley = createParley({ origin: 'https://chat.example.org', storage: memoryStorage(), device: 'A bot', keep: 'body' });
 *   await parley.signIn({ email, password });
 *   parley.start();
 *   const timeline = parley.timeline(conversationId);
 *   timeline.subscribe(() => draw(timeline.entries));
 *   await timeline.open('unread');
 *   await parley.send({ conversationId, body: 'Hello' });
 *
 * A program that runs for long should bind its session to a key (`key`, see key-file.ts): a copied refresh token alone
 * is then worthless.
 *
 * What it promises: what was sent is stored once and in order, whatever happens on the way and to the storage; what is
 * shown becomes what the server has, whatever was lost; being offline is a state, not an error. What it leaves to
 * others: drawing, words for people other than the server's own sentences, and a `Storage` that survives a reload.
 */

export { ParleyError };
export type {
  Changed,
  Entry,
  Me,
  Options,
  Parley,
  Pending,
  Place,
  State,
  Status,
  Storage,
  StorageState,
  Store,
  Tabs,
  Timeline,
};

/** One device. Nothing happens, and nothing is connected, before `resume()` or `signIn()` and then `start()`. */
export function createParley(options: Options): Parley {
  const topics = createTopics();
  const timelines = new Set<OpenTimeline>();
  let wasLive = false;

  let storageWas: StorageState = 'ready';
  const storage = createSteadyStorage(options.storage, () => {
    pending.storageChanged();
    if (storage.state === storageWas) return;
    storageWas = storage.state;
    topics.tell({ topic: 'storage' });
  });
  const tabs = options.tabs ?? (options.keep === 'body' ? null : browserTabs());
  const session = createSession({ ...options, storage }, (why) => {
    connection.stop(why);
    void forget({ erase: false });
  });
  const connection = createConnection({
    session,
    origin: options.origin,
    greet: (calls) => sync.greet(calls),
    connecting: () => sync.hold(),
    hear: {
      change: (event) => sync.hearChange(event),
      mine: (event) => sync.hearMine(event),
      typing: (event) => typing.hear(event),
      presence: (event) => presence.hear(event),
      rights: () => void rightsChanged(),
    },
    changed: lineChanged,
    ended: (why) => void session.end(why),
  });
  const account = createAccount(session);
  const calls: Calls = connection;
  const store = createStore(topics, (id, why) => sync.unsure(id, why));
  const people = createPeople(calls, topics);
  const presence = createPresence(calls, topics);
  const typing = createTyping(calls, topics, (userId) => userId === session.userId);
  // A new message ends its author's typing. An edit, a recall or a pin does not: it may be the act of another person.
  const following = createFollowing(calls, store, ({ conversationId, threadId, senderId }) =>
    typing.spoke(conversationId, threadId, senderId),
  );
  const sync = createSync(calls, store, following, people);
  const marks = createReadMarks(calls, ({ conversationId, threadId, position }, mine) => {
    if (threadId === null) store.marked(conversationId, position, mine);
  });
  const pendingHooks = {
    acknowledged,
    changed(conversationId: string) {
      for (const timeline of timelines) if (timeline.conversationId === conversationId) timeline.redraw();
      topics.tell({ topic: 'pending', conversationId });
    },
  };
  const pending = createPending(calls, storage, pendingHooks, tabs);
  tabs?.hear(heard);

  function heard(news: TabNews): void {
    pending.hear(news);
    if (news.kind !== 'signed-out' || news.owner !== session.userId) return;
    const why = {
      code: 'session_ended',
      fault: faults.session_ended,
      message: 'You signed out on this device.',
    } as const;
    void forget({ erase: true });
    session.end(new ParleyError(why));
  }

  function lineChanged(): void {
    const live = connection.state === 'live';
    if (live && !wasLive) {
      people.connected();
      following.connected();
      pending.go();
      marks.go();
      presence.connected();
    }
    if (!live) sync.rest();
    wasLive = live;
    topics.tell({ topic: 'state' });
  }

  async function rightsChanged(): Promise<void> {
    await sync.hearRights();
    if (connection.state !== 'live') return;
    following.connected();
    presence.connected();
  }

  /** The server has stored one's own message. What it looks like is known already; its event, with its place in the stream, follows. */
  function acknowledged(
    { clientId, conversationId, threadId, title, body }: Pending,
    { id, seq, line, rev, at }: Sent,
  ): void {
    // rev 0: whatever the server says of this message later is newer than the draft it was made of.
    const message: Message = {
      id,
      conversationId,
      seq,
      line,
      rev: 0,
      senderId: session.userId!,
      clientId,
      threadId,
      title,
      body,
      mentions: mentionsIn(body),
      at,
      ...untouched,
    };
    for (const timeline of timelines) if (timeline.conversationId === conversationId) timeline.acknowledged(message);
    following.notice(conversationId, rev);
  }

  /** Forgets whoever was signed in. */
  async function forget(how: { erase: boolean }): Promise<void> {
    for (const timeline of [...timelines]) timeline.close();
    sync.clear();
    following.clear();
    marks.clear();
    typing.clear();
    presence.clear();
    people.clear();
    store.clear();
    await pending.clear(how);
  }

  /** What an answer says about this person's conversations is known at once, without waiting for its event. */
  function learn(name: CallName, input: unknown, answer: unknown): void {
    if (name === 'conversation:create' || name === 'conversation:direct' || name === 'conversation:join') {
      const summary = answer as Summary;
      store.take(summary);
      following.told([summary]);
    }
    if (name === 'conversation:leave') {
      const { conversationId } = input as { conversationId: string };
      store.forget(conversationId);
      following.left(conversationId);
    }
    if (name === 'read:mark' || name === 'read:unread')
      store.mineTold((input as { conversationId: string }).conversationId, answer as Mine);
    // Whatever changed a conversation says up to where: should the event get lost, it is asked for.
    const { rev } = answer as { rev?: unknown };
    const { conversationId } = input as { conversationId?: unknown };
    if (typeof rev === 'number' && typeof conversationId === 'string') following.notice(conversationId, rev);
  }

  const call: Parley['call'] = async (name, input) => {
    const answer = await connection.call(name, input);
    learn(name, input, answer);
    return answer;
  };

  return {
    get state() {
      return connection.state;
    },
    get nextAttempt() {
      return connection.nextAttempt;
    },
    get problem() {
      return connection.problem;
    },
    get storage() {
      return storage.state;
    },
    store: {
      get me() {
        return store.me;
      },
      conversations: store.conversations,
      unread: store.unread,
      mentions: store.mentions,
      person: people.person,
      typing: (conversationId, threadId = null) => typing.in(conversationId, threadId),
      presence: presence.of,
    },
    subscribe: topics.subscribe,
    status: session.status,
    setUp: session.setUp,
    acceptInvitation: session.acceptInvitation,
    ...account,
    async signIn(input) {
      const signedIn = await session.signIn(input);
      connection.stop();
      await forget({ erase: false });
      await pending.load(signedIn.userId);
      return signedIn;
    },
    async resume() {
      const found = await session.resume();
      if (found) await pending.load(session.userId!);
      topics.tell({ topic: 'state' });
      return found;
    },
    async signOut() {
      const owner = session.userId;
      const told = session.signOut();
      if (owner !== null) tabs?.tell({ kind: 'signed-out', owner });
      connection.stop();
      await forget({ erase: true });
      await told;
    },
    start: connection.start,
    stop: () => connection.stop(),
    reconnect: connection.reconnect,
    call,
    timeline(conversationId, threadId = null) {
      const timeline = openTimeline(
        { calls, following, store, pending: pending.of, closed: (closed) => void timelines.delete(closed) },
        conversationId,
        threadId,
      );
      timelines.add(timeline);
      return timeline;
    },
    send(draft) {
      typing.tell(draft.conversationId, draft.threadId ?? null, false);
      return pending.send(draft);
    },
    pending: pending.of,
    retry: pending.retry,
    discard: pending.discard,
    async edit({ id, conversationId }, body) {
      await call('message:edit', { conversationId, messageId: id, body });
    },
    async recall({ id, conversationId }) {
      await call('message:recall', { conversationId, messageId: id });
    },
    markRead(conversationId, line) {
      if (store.markRead(conversationId, line)) marks.move({ conversationId, threadId: null, position: line });
    },
    markThreadRead(conversationId, threadId, answers) {
      if (store.markThreadRead(conversationId, threadId, answers))
        marks.move({ conversationId, threadId, position: answers });
    },
    async markUnread(conversationId, line) {
      // A mark on its way would end at once what is begun here.
      await marks.flush(conversationId);
      const { unreadFrom } = await call('read:unread', { conversationId, line });
      if (unreadFrom !== null)
        for (const timeline of timelines) if (timeline.conversationId === conversationId) timeline.unreadAt(unreadFrom);
    },
    typing: (conversationId, isTyping = true, threadId = null) => typing.tell(conversationId, threadId, isTyping),
    presence: presence.set,
  };
}
