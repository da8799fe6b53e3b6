import type { MemberRole } from '@parley/protocol/conversations.ts';
import { forbidden, Refused } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { creatableKinds } from '../settings/creating.ts';
import type { Settings } from '../settings/settings.ts';
import { requireReachable } from '../users/visibility.ts';

/*
 * Who may create conversations and put people into them, and how often. A person is put into a conversation without
 * being asked, so the number of times one person may do that to others in a day is bounded: altogether, and for each
 * other person. Days are those of UTC.
 */

/** Refuses a kind of conversation that the organisation keeps for its administrators. */
export function requireMayCreate(work: Work, rules: Settings, kind: 'group' | 'channel'): void {
  work.require('conversations.read');
  if (kind === 'channel') work.require('channels.create');
  if (!creatableKinds(work, rules).includes(kind))
    throw forbidden(`In this organisation only administrators create ${kind}s. Ask one of them.`);
}

/**
 * Refuses people the actor cannot see, and additions the organisation does not allow. `role`: the actor's in the
 * conversation.
 */
export async function requireMayAdd(
  work: Work,
  { whoAddsPeople }: Settings,
  userIds: readonly string[],
  role: MemberRole = 'owner',
): Promise<void> {
  if (userIds.length === 0) return;
  const may = {
    everyone: true,
    members: work.may('people.read'),
    leaders: role !== 'member',
    administrators: work.may('settings.manage'),
  }[whoAddsPeople];
  if (!may) throw forbidden(whoMayAdd[whoAddsPeople]);
  await requireReachable(work, userIds);
}

const whoMayAdd = {
  everyone: '',
  members: 'In this organisation guests do not add people. Ask a colleague who is a member.',
  leaders: 'In this organisation only owners and moderators of a conversation add people to it. Ask one of them.',
  administrators: 'In this organisation only administrators add people to conversations. Ask one of them.',
};

/**
 * Counts people the actor has just put into a conversation, and refuses where a cap of the day is passed. The counts
 * are rows that the act locks by counting, so that additions at the same moment are judged one after another.
 */
export async function countAdditions(
  work: Work,
  { addedPeoplePerDay, addedPerPersonPerDay }: Settings,
  added: readonly string[],
): Promise<void> {
  if (added.length === 0) return;
  const me = work.person();
  const day = work.at.toISOString().slice(0, 10);
  const [total] = await work.sql<{ people: number }>(
    `insert into addition_days as a (added_by, day, people) values ($1, $2, $3)
     on conflict (added_by) do update set people = excluded.people + case when a.day = excluded.day then a.people else 0 end, day = excluded.day
     returning people`,
    [me, day, added.length],
  );
  if (total!.people > addedPeoplePerDay)
    throw tooMany(work, `You may add ${addedPeoplePerDay} people to conversations in a day.`);
  await work.sql('delete from additions where added_by = $1 and day <> $2', [me, day]);
  const counts = await work.sql<{ conversations: number }>(
    `insert into additions as a (added_by, user_id, day, conversations) select $1, id, $2, 1 from unnest($3::uuid[]) as id
     on conflict (added_by, user_id) do update set conversations = a.conversations + 1 returning conversations`,
    [me, day, added],
  );
  if (counts.some(({ conversations }) => conversations > addedPerPersonPerDay))
    throw tooMany(work, `You may add the same person to ${addedPerPersonPerDay} conversations in a day.`);
}

function tooMany(work: Work, what: string): Refused {
  const tomorrow = new Date(work.at);
  tomorrow.setUTCHours(24, 0, 0, 0);
  const retryAfter = tomorrow.getTime() - work.at.getTime();
  return new Refused('limited', `${what} Try again tomorrow, or ask an administrator.`, { retryAfter });
}
