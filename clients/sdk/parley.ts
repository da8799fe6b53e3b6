import type { Answers, CallInput, CallName } from '@parley/protocol/catalogue.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import type {
  EndDevices,
  Invitation,
  Invited,
  OwnDevice,
  PasswordChange,
  PasswordReset,
  ResetPerson,
  Session,
  SetUp,
} from '@parley/protocol/identity.ts';
import type { Message } from '@parley/protocol/messages.ts';
import type { Me, Person } from '@parley/protocol/people.ts';
import type { PresenceState } from '@parley/protocol/sync.ts';
import type * as z from 'zod/mini';
import type { DeviceKey } from './device-key.ts';
import type { ParleyError } from './failure.ts';
import type { StorageState } from './steady-storage.ts';
import type { Storage } from './storage.ts';
import type { Tabs } from './tabs.ts';
import type { Changed } from './topics.ts';

/*
 * What a device promises to whoever builds on it: types only. client.ts makes one.
 */

/**
 * `signed-out`: nobody is signed in, or the session was ended. `connecting`: on the way, or catching up. `live`: caught up and hearing everything.
 * `waiting`: the line is down; the next attempt is at `nextAttempt`, or at `start()` if that is null.
 */
export type State = 'signed-out' | 'connecting' | 'live' | 'waiting';

export type Options = {
  /** Where the server is: `https://chat.example.org`, without a trailing slash. */
  origin: string;
  storage: Storage;
  /** How the person would recognise this device in a list. */
  device: string;
  fetch?: typeof globalThis.fetch;
  /** `cookie` (default): the browser keeps the refresh token out of reach of scripts. `body`: this package keeps it in `storage` (Node, bots). */
  keep?: 'cookie' | 'body';
  /**
   * The key the session is bound to: `deviceKeyIn(…)` of device-key.ts. Without one, or where it answers null, a copied
   * token is as good as the device.
   */
  key?: () => Promise<DeviceKey | null>;
  /** The other pages that share `storage`. Left out: the browser's own with `cookie`, none with `body`. */
  tabs?: Tabs;
};

/** `GET /api/status`. `setUp`: the installation is empty and waits for its first owner. */
export type Status = {
  ready: boolean;
  setUp: boolean;
  organisation: string;
  version: string;
  evaluation: boolean;
  passwordFloor: number;
};

/** One message of one's own that the server has not acknowledged yet. `clientId` is its name for ever; the stored message carries it too. */
export type Pending = {
  clientId: string;
  conversationId: string;
  threadId: string | null;
  title: string | null;
  body: string;
  /** When it was written, on this device's clock. */
  at: number;
  /** `failed`: the server refused it for a reason that trying again does not mend; it waits for `retry` or `discard`. */
  state: 'waiting' | 'failed';
  error: { code: ParleyError['code']; message: string; requestId?: string } | null;
  /** false: storage does not hold it, so it is gone if this page or program ends before it is sent. */
  kept: boolean;
};

/** One row of a timeline. `key` stays the same when a pending send becomes a message. */
export type Entry =
  | { kind: 'message'; key: string; message: Message }
  | { kind: 'pending'; key: string; pending: Pending };

/** Where a timeline opens: the newest page; the first unread message; around a seq; around the first message at or after a time (ms). */
export type Place = 'newest' | 'unread' | { seq: number } | { at: number };

/**
 * A window on a conversation's main line (or on one thread: the root and its answers) that keeps itself true: edits, recalls and answers
 * inside it arrive whatever was lost on the way. At the tail it also follows new messages and ends with one's own pending sends.
 */
export type Timeline = {
  readonly conversationId: string;
  readonly threadId: string | null;
  /** Oldest first. A new array whenever something changed; unchanged rows keep their identity. */
  readonly entries: readonly Entry[];
  readonly hasOlder: boolean;
  /** true: opened in the past, and not at the tail yet; live messages are not shown until `newer()` has reached it. */
  readonly hasNewer: boolean;
  /** `opening`: no page yet. `failed`: opening was refused, see `error`. */
  readonly state: 'opening' | 'ready' | 'failed';
  readonly error: ParleyError | null;
  /**
   * The first main-line number that was unread when the timeline opened, or was marked unread here since: where a "new"
   * line belongs. null: none.
   */
  readonly unreadFrom: number | null;
  /** Opens, or opens anew somewhere else. Waits for the line if it is down; rejects only on a refusal. */
  open(place?: Place): Promise<void>;
  /** Fetches one page more. Calls made while one is under way join it. */
  older(): Promise<void>;
  newer(): Promise<void>;
  /** Hears of every change of any property above. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  close(): void;
};

/** What this device knows. Everything is read synchronously and kept current; see `Changed` for when to read again. */
export type Store = {
  readonly me: Me | null;
  /** One's own, and with `mine: null` the public channels an open timeline looks at. */
  readonly conversations: ReadonlyMap<string, Summary>;
  /** Unread messages of the main line, recalled ones not counted. 0 for conversations one is not in. */
  unread(conversationId: string): number;
  /**
   * Unread messages that mention this person, on the main line and in threads; `mine.threads` of the conversation says
   * in which.
   */
  mentions(conversationId: string): number;
  /** undefined: not known yet; asked for in the background, and announced as `people`. */
  person(id: string): Person | undefined;
  /** Who is typing now, oneself left out. */
  typing(conversationId: string, threadId?: string | null): readonly string[];
  /** Asking begins watching: the 500 people asked about last are kept current. `offline` until known. */
  presence(userId: string): PresenceState;
};

/** One signed-in device: its session, its line to the server, what it knows, and what it wants to say. */
export type Parley = {
  readonly state: State;
  /** While `waiting`: when the next attempt is made, in milliseconds since 1970. */
  readonly nextAttempt: number | null;
  /** Why the line is down or the session ended, for people; null while all is well. */
  readonly problem: ParleyError | null;
  /**
   * `failing`: the storage of this device refuses or does not answer. Everything goes on in memory, and is written to the
   * storage as soon as it works again. Moves are announced as the topic `storage`.
   */
  readonly storage: StorageState;
  readonly store: Store;
  subscribe(listener: (changed: Changed) => void): () => void;

  status(): Promise<Status>;
  /** Makes the first owner of an empty installation. Signing in is a second step. */
  setUp(input: z.input<typeof SetUp>): Promise<void>;
  /** Chooses the password of an invited person, once. Rejects with `wrong_credentials` when the link opens nothing any more. Signing in is a second step. */
  acceptInvitation(input: z.input<typeof Invitation>): Promise<Invited>;
  /**
   * Whom a one-time link for a new password is for. Rejects with `wrong_credentials` when the link opens nothing any
   * more.
   */
  resetPerson(token: string): Promise<ResetPerson>;
  /** Chooses a new password with such a link, once; every device of the person ends. Signing in is a second step. */
  resetPassword(input: z.input<typeof PasswordReset>): Promise<Invited>;
  /**
   * Changes the person's own password. Rejects with `wrong_credentials` (the current one), `limited`, or the code of a
   * rule: `password_short`, …
   */
  changePassword(input: z.input<typeof PasswordChange>): Promise<void>;
  /** Where the person is signed in, last used first. */
  devices(): Promise<OwnDevice[]>;
  /** Signs one of the person's devices out. */
  endDevice(deviceId: string): Promise<void>;
  /**
   * Signs the person out everywhere, or everywhere but here. Where this device ends too, call `signOut` afterwards to
   * forget what it kept.
   */
  endDevices(input: z.input<typeof EndDevices>): Promise<void>;
  /** Rejects with `wrong_credentials`, `suspended`, `limited`, or `unavailable`. */
  signIn(input: { email: string; password: string }): Promise<Session>;
  /** Takes up the session this device kept. false: nobody is signed in. Rejects with `unavailable` when the server cannot be asked. */
  resume(): Promise<boolean>;
  /**
   * Ends the session here, in the other pages of this browser, and on the server, and removes what this device kept,
   * unsent messages included.
   */
  signOut(): Promise<void>;
  /** Connects and stays connected until `stop()`. Does nothing when already started or signed out. */
  start(): void;
  stop(): void;
  /** Tries now instead of at `nextAttempt`: the network came back, or a person asked. */
  reconnect(): void;
  /**
   * One call of the catalogue. Waits up to 10 s for the line and 15 s for the answer; rejects with `ParleyError`.
   * After `unavailable` the call may have happened: repeat only what is safe to repeat.
   */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<Answers[N]>;

  /** Not opened yet: call `open()`. */
  timeline(conversationId: string, threadId?: string | null): Timeline;
  /**
   * Takes a message for sending: kept on this device first, then sent in order, and tried again until the server answers.
   * It is among `pending()` and in timelines at once. Resolves once storage holds it. Where storage refuses, or does not
   * answer within 3 s, it resolves all the same with `kept: false`, and the message is sent from memory in its place: tell
   * the person that it will not survive the end of this page, and show `storage`. What waits is kept later, when storage
   * works. Rejects only with `unauthenticated`, when not signed in.
   */
  send(draft: {
    conversationId: string;
    body: string;
    threadId?: string | null;
    title?: string | null;
  }): Promise<Pending>;
  /** Own sends not acknowledged yet, oldest first. */
  pending(conversationId?: string): readonly Pending[];
  retry(clientId: string): Promise<void>;
  /**
   * Gives up a send. One that is under way at this moment may still arrive, and so may one that storage refuses to delete,
   * after a reload.
   */
  discard(clientId: string): Promise<void>;
  edit(message: Pick<Message, 'id' | 'conversationId'>, body: string): Promise<void>;
  recall(message: Pick<Message, 'id' | 'conversationId'>): Promise<void>;
  /** Everything up to this main-line number was seen. Only ever moves forward; shown at once, told to the server soon. */
  markRead(conversationId: string, line: number): void;
  /**
   * "Mark unread from here": messages count as unread from this main-line number on, on every device, until it is read
   * past again. The read mark, which others may see, stays where it is. A message that is unread already changes
   * nothing; null takes it back. Rejects with a refusal.
   */
  markUnread(conversationId: string, line: number | null): Promise<void>;
  markThreadRead(conversationId: string, threadId: string, answers: number): void;
  /** Call on every keystroke; tells the others at most every few seconds. `false`: the draft was sent or emptied. */
  typing(conversationId: string, typing?: boolean, threadId?: string | null): void;
  /** Whether a person is at this device; `online` after every connection. */
  presence(state: 'online' | 'away'): void;
};
