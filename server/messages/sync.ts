import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Started } from '@parley/protocol/sync.ts';
import { anyValue } from '../kernel/database.ts';
import { notFound } from '../kernel/errors.ts';
import { JsonText } from '../kernel/json-text.ts';
import type { Work } from '../kernel/work.ts';
import { requireReader } from '../conversations/members.ts';
import { conversationJson, memberJson, summariesSql, type SummaryRow } from '../conversations/summaries.ts';
import { describeMe, peopleByIds } from '../users/users.ts';

/** So many changes behind, opening the newest page anew is cheaper than replaying. */
const farBehind = 5_000;

/**
 * What moved since the device's cursors: the summaries of conversations it does not hold or holds at another head, those whose own state
 * moved after `cursor`, and those the person left. The heads are read first: what moves meanwhile is told again, never lost.
 */
export async function start(work: Work, { cursor, heads }: CallPayload<'sync:start'>): Promise<Started> {
  const me = work.person();
  const [own] = await work.db.rows<{ head: number }>('select head from users where id = $1', [me]);
  const rows = await work.db.rows<{ id: string; head: number; urev: number; left: boolean }>(
    `select c.id, c.head, m.urev, m.left_at is not null as left from members m join conversations c on c.id = m.conversation_id
     where m.user_id = $1 and (m.left_at is null or m.urev > $2) order by c.last_at desc nulls last, c.id`,
    [me, cursor ?? 0],
    'sync start',
  );
  const moved = rows.filter((row) => !row.left && (cursor === null || row.urev > cursor || heads[row.id] !== row.head));
  const changed = await work.db.rows<SummaryRow>(summariesSql, [me, moved.map((row) => row.id)], 'summaries');
  const summaries = changed.map((row) => row.summary);
  const named = summaries.flatMap(({ peerId, last }) => [peerId, last?.senderId]).filter((id): id is string => !!id);
  return {
    me: await describeMe(work),
    head: own!.head,
    changed: summaries,
    left: cursor === null ? [] : rows.filter((row) => row.left).map((row) => row.id),
    people: named.length > 0 ? await peopleByIds(work, [...new Set(named)]) : [],
  };
}

const limit = anyValue('$3::int');
const missed = (alias: string) => `${alias}.rev > ${anyValue('$2::bigint')}`;
const changesSql = `
  select concat('{"changes":[', string_agg(concat('{"kind":"', u.kind, '","rev":', u.rev, ',"', u.kind, '":', u.body, '}'), ',' order by u.rev) filter (where u.kind is not null),
    '],"next":', case when count(u.kind) = $3 then max(u.rev) else c.head end, ',"head":', c.head, '}') as text
  from conversations c left join lateral (
    select * from (
      (select 'message' as kind, m.rev, message_text(m) as body from messages m where m.conversation_id = c.id and ${missed('m')} order by m.rev limit ${limit})
      union all
      (select 'member', m.rev, ${memberJson('m')}::text from members m where m.conversation_id = c.id and ${missed('m')} order by m.rev limit ${limit})
      union all
      (select 'conversation', c.rev, ${conversationJson('c')}::text where ${missed('c')})
    ) every_kind order by rev limit ${limit}
  ) u on true where c.id = $1 group by c.id`;

/** What a conversation did after `since`, in order of rev: messages, memberships and its own facts, each as it is now. */
export async function catchUp(
  work: Work,
  { conversationId, since, limit }: CallPayload<'sync:conversation'>,
): Promise<JsonText> {
  await requireReader(work, conversationId);
  const [now] = await work.db.rows<{ head: number }>('select head from conversations where id = $1', [conversationId]);
  if (!now) throw notFound('conversation');
  // A cursor ahead of us comes from before a restore: what it stands for is gone.
  if (now.head - since > farBehind || since > now.head)
    return new JsonText(`{"changes":[],"next":${now.head},"head":${now.head},"reset":true}`);
  const [row] = await work.db.rows<{ text: string }>(changesSql, [conversationId, since, limit], 'sync conversation');
  return new JsonText(row!.text);
}
