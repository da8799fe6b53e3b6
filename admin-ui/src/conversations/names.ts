import { type ConversationLineFragment } from '../graphql/graphql.ts';

type Say = (name: string, blanks: Record<string, unknown>) => string;

/** What a conversation is called: its name, or the people in it. */
export function conversationName(
  {
    name,
    members,
    membersCount,
  }: Pick<ConversationLineFragment, 'name' | 'membersCount'> & { members: { name: string }[] },
  t: Say,
): string {
  if (name) return name;
  const first = members.slice(0, 3).map((member) => member.name);
  const names = first.join(', ');
  const more = membersCount - first.length;
  return more > 0 ? t('conversations.more', { names, count: more }) : names;
}
