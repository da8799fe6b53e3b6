import * as z from 'zod/mini';
import * as c from './conversations.ts';
import * as m from './messages.ts';
import * as p from './people.ts';
import * as pin from './pins.ts';
import * as rev from './revisions.ts';
import * as q from './search.ts';
import * as s from './sync.ts';
import type { Answer } from './errors.ts';

const Nothing = z.strictObject({});

/**
 * Every socket call by name, with the words it takes. A call is `emit(name, input, ack)`, and the acknowledgement is an `Answer`.
 * The answers' types stand in `Answers`.
 */
export const calls = {
  'sync:start': s.SyncStart,
  'sync:conversation': s.SyncConversation,
  'history:page': m.HistoryPage,
  'message:send': m.MessageSend,
  'message:edit': m.MessageEdit,
  'message:recall': m.MessageRecall,
  'message:revisions': rev.MessageRevisions,
  'message:search': q.MessageSearch,
  'message:count': q.MessageCount,
  'read:mark': c.ReadMark,
  'read:unread': c.ReadUnread,
  'thread:mark': c.ThreadMark,
  'thread:follows': c.ThreadFollows,
  'topic:list': c.TopicList,
  'pin:list': pin.PinList,
  'pin:add': pin.PinRef,
  'pin:remove': pin.PinRef,
  'conversation:create': c.ConversationCreate,
  'conversation:direct': c.ConversationDirect,
  'conversation:open': c.ConversationRef,
  'conversation:close': c.ConversationRef,
  'conversation:join': c.ConversationRef,
  'conversation:leave': c.ConversationRef,
  'conversation:rename': c.ConversationRename,
  'conversation:archive': c.ConversationRef,
  'conversation:make-private': c.ConversationRef,
  'conversation:browse': c.ConversationBrowse,
  'conversation:find': c.ConversationFind,
  'conversation:prefer': c.ConversationPrefer,
  'member:list': c.MemberList,
  'member:add': c.MembersAdd,
  'member:remove': c.MemberRemove,
  'member:role': c.MemberSetRole,
  'people:search': p.PeopleSearch,
  'people:get': p.PeopleGet,
  'typing:set': s.TypingSet,
  'presence:set': s.PresenceSet,
  'presence:watch': s.PresenceWatch,
  'session:me': Nothing,
} as const;

export type CallName = keyof typeof calls;
export type CallInput<N extends CallName> = z.input<(typeof calls)[N]>;
export type CallPayload<N extends CallName> = z.output<(typeof calls)[N]>;

/** What each call is answered with, inside `ok`. */
export type Answers = {
  'sync:start': s.Started;
  'sync:conversation': s.CaughtUp;
  'history:page': m.Page | { unchanged: true };
  'message:send': m.Sent;
  'message:edit': { rev: number };
  'message:recall': { rev: number };
  /** The latest first; `next` is the `before` of the next page. */
  'message:revisions': { revisions: rev.Revision[]; next: number | null };
  'message:search': q.Found;
  'message:count': q.Counted;
  'read:mark': c.Mine;
  'read:unread': c.Mine;
  'thread:mark': { read: number };
  /** The threads one follows in a conversation, read or not, in order of their ids. */
  'thread:follows': { threadIds: string[]; next: string | null };
  'topic:list': { topics: c.Topic[]; next: number | null };
  /** The newest first. */
  'pin:list': { pins: pin.Pin[] };
  'pin:add': { rev: number };
  'pin:remove': { rev: number };
  'conversation:create': c.Summary;
  'conversation:direct': c.Summary;
  /** Also subscribes this connection to a public channel it is not a member of, until `conversation:close`. */
  'conversation:open': c.Summary;
  'conversation:close': Record<string, never>;
  'conversation:join': c.Summary;
  'conversation:leave': Record<string, never>;
  'conversation:rename': { rev: number };
  'conversation:archive': { rev: number };
  /** Of a channel that is private already nothing changes. There is no way back. */
  'conversation:make-private': { rev: number };
  'conversation:browse': { conversations: c.Summary[]; next: string | null };
  /** Own groups and channels whose Chinese names are spelled as typed, in pinyin or by initials; the best match first. */
  'conversation:find': { conversationIds: string[] };
  'conversation:prefer': { muted: boolean; pinned: boolean };
  'member:list': { members: (c.Member & { person: p.Person })[]; next: string | null };
  'member:add': { added: string[] };
  'member:remove': Record<string, never>;
  'member:role': { rev: number };
  /** The best match first; among equals people one talks with, colleagues before guests before bots. */
  'people:search': { people: p.FoundPerson[] };
  'people:get': { people: p.Person[] };
  'typing:set': Record<string, never>;
  'presence:set': Record<string, never>;
  /** The states now; changes follow as `presence` events, for the people of the latest call only. */
  'presence:watch': { states: Record<string, s.PresenceState> };
  'session:me': p.Me;
};

/** Every event the server sends on its own. */
export type ServerEvents = {
  change: (event: s.ChangeEvent) => void;
  mine: (event: s.MineEvent) => void;
  typing: (event: s.TypingEvent) => void;
  presence: (event: s.PresenceEvent) => void;
  rights: (event: s.RightsEvent) => void;
  bye: (event: s.ByeEvent) => void;
};

/** Every call as Socket.IO types it. */
export type ClientCalls = { [N in CallName]: (input: CallInput<N>, ack: (answer: Answer<Answers[N]>) => void) => void };
