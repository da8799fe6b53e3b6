import type * as z from 'zod/mini';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { connectionOf, pageArgs, pageCost } from '../doors/graphql-lists.ts';
import { adminPeople, peopleInOrder } from '../users/directory.ts';
import { PersonType } from '../users/person-type.ts';
import {
  conversations,
  ConversationsPage,
  membersOf,
  read,
  ReadingPage,
  type ListedConversation,
  type Reading,
  type ReadMessage,
} from './compliance.ts';

/** Other people's conversations in the administrative schema. */
export function complianceAdmin(builder: AdminBuilder): void {
  const Conversation = builder.objectRef<ListedConversation>('Conversation').implement({
    description: 'A conversation from outside: what it is, never what is said in it.',
    fields: (t) => ({
      id: t.exposeID('id'),
      kind: t.exposeString('kind'),
      name: t.exposeString('name', { nullable: true, description: 'Direct conversations have none: see members.' }),
      purpose: t.exposeString('purpose'),
      visibility: t.exposeString('visibility'),
      membersCount: t.int({ resolve: ({ members }) => members }),
      messagesCount: t.int({ resolve: ({ messages }) => messages }),
      members: t.loadableList({
        type: PersonType,
        description: 'Who is in it now, by name, at most twenty.',
        load: async (ids: string[], work) => {
          const inside = await membersOf(work, ids);
          const everybody = [...new Set([...inside.values()].flat())];
          const people = new Map((await adminPeople(work, everybody)).map((person) => [person.id, person]));
          return ids.map((one) => (inside.get(one) ?? []).map((userId) => people.get(userId)!));
        },
        resolve: ({ id }) => id,
      }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      lastAt: t.expose('lastAt', { type: 'DateTime', nullable: true }),
      archivedAt: t.expose('archivedAt', { type: 'DateTime', nullable: true }),
    }),
  });
  const Message = builder.objectRef<ReadMessage>('Message').implement({
    description: 'A message as members see it.',
    fields: (t) => ({
      id: t.exposeID('id'),
      seq: t.exposeInt('seq'),
      sender: t.loadable({
        type: PersonType,
        load: (ids: string[], work) => peopleInOrder(work, ids),
        resolve: ({ senderId }) => senderId,
      }),
      title: t.exposeString('title', { nullable: true, description: 'Of the topic it begins.' }),
      body: t.exposeString('body', { description: 'Mentions as names. Empty when it was recalled.' }),
      answersSeq: t.exposeInt('answersSeq', { nullable: true, description: 'The number of the message it answers.' }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true }),
      recalledAt: t.expose('recalledAt', { type: 'DateTime', nullable: true }),
    }),
  });

  builder.queryField('conversations', (t) =>
    t.field({
      type: connectionOf(builder, Conversation, 'Conversation', { total: true }),
      description: 'Every conversation there is, the liveliest first. Listing them is audited.',
      permission: 'conversations.audit',
      cost: 'list',
      input: ConversationsPage,
      args: { ...pageArgs(t.arg), query: t.arg.string(), kind: t.arg.string(), userId: t.arg.id() },
      complexity: pageCost,
      resolve: (_, args, work) => conversations(work, args as z.output<typeof ConversationsPage>),
    }),
  );
  builder.queryField('conversationMessages', (t) =>
    t.field({
      type: connectionOf<ReadMessage, Reading>(builder, Message, 'Message', {
        fields: (f) => ({ conversation: f.expose('conversation', { type: Conversation }) }),
      }),
      description:
        'What was said in a conversation, newest first, whoever is in it. Each page read is audited with its reason.',
      permission: 'conversations.audit',
      cost: 'list',
      input: ReadingPage,
      args: {
        ...pageArgs(t.arg),
        conversationId: t.arg.id({ required: true }),
        reason: t.arg.string({ required: true }),
      },
      complexity: pageCost,
      resolve: (_, args, work) => read(work, args as z.output<typeof ReadingPage>),
    }),
  );
}
