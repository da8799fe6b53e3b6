import type { Fit, FoundPerson, Person } from '@parley/protocol/people.ts';
import type { Work } from '../kernel/work.ts';
import { classes, keyKinds } from './keys.ts';
import { begins, everything, matchesWord, readQuery, unkeyed, type Asked, type Put, type Word } from './matching.ts';
import { visible } from './visibility.ts';

/*
 * The search for people: the best match first, among equals those one talks with, then colleagues before guests before
 * bots. One statement finds the candidates, judges who may be seen, and ranks. A walk of the index finds only the first
 * few of each class and kind of key, so that one letter typed costs the same among a hundred people and 100,000.
 */

export type Wanted = {
  query: string;
  limit: number;
  withImported?: boolean;
  /** For the console, which has judged who may: all people, also suspended ones. */
  isAdministration?: boolean;
  conversationId?: string | undefined;
};

/** Conversations with at most this many members say who talks with whom. */
const smallConversation = 12;
const nearConversations = 60;
/** Members of a conversation who are looked at one by one. */
const maxMembers = 2_000;

type Row = Person & { email: string | null; fit: number; wordFits: number[]; isMember: boolean };

/** People who match what was typed, the best first. An empty query lists those one talks with, then people by name. */
export async function search(work: Work, wanted: Wanted): Promise<FoundPerson[]> {
  // Who may not see all people may not look them up by addresses either: they are shown to no one.
  const asked = await readQuery(work, wanted.query, seesAll(work, wanted) ? [] : [keyKinds.address]);
  if (!asked.words) return [];
  const params: unknown[] = [work.person()];
  const put: Put = (value) => `$${params.push(value)}`;
  const text = statementFor(work, asked, asked.words, wanted, put);
  const rows = await work.db.rows<Row>(text, params, asked.words.length <= 3 ? 'search for people' : undefined);
  return rows.map(({ email, fit, wordFits, isMember, ...person }) => ({
    ...person,
    fit: fitNames[Math.floor(fit)] ?? 'whole',
    address: wordFits.some((one) => one >> 1 === keyKinds.address) ? email!.slice(0, email!.lastIndexOf('@')) : null,
    isMember,
  }));
}

const seesAll = (work: Work, { isAdministration }: Wanted) => isAdministration || work.may('people.read');

/** The name of each fit: the kind of key, twice, and one more where the word goes on. A whole name is below all. */
const fitNames: Record<number, Fit> = Object.fromEntries(
  (
    [
      [keyKinds.beginning, 'beginning'],
      [keyKinds.word, 'word'],
      [keyKinds.spelling, 'spelling'],
      [keyKinds.otherSpelling, 'spelling'],
      [keyKinds.address, 'address'],
      [keyKinds.title, 'title'],
      [keyKinds.department, 'department'],
      [keyKinds.middle, 'middle'],
    ] as const
  ).flatMap(([kind, name]) => [
    [kind * 2, name],
    [kind * 2 + 1, name],
  ]),
);

/**
 * Candidates are named with how well the first word fits them; the other words, and whom the actor talks with, are asked
 * for those alone, and all that is shown for the few who are left.
 */
function statementFor(work: Work, asked: Asked, words: Word[], wanted: Wanted, put: Put): string {
  const [driving, ...others] = inOrderOfUse(words);
  const phrase = put(asked.phrase);
  return `with near as materialized (${nearPeople(work, wanted, put)}),
    here as materialized (${membersOf(wanted.conversationId, put)}),
    candidates (id, class, name, fit) as (${candidates(work, wanted, driving, others, put).join(' union all ')}),
    found as (select id, min(class) as class, min(name) as name, min(fit) as fit from candidates group by id),
    judged as (select u.*, array[u.fit${others.map((word) => `, ${fitOf(word, 'u.id', put)}`).join('')}]::int[] as fits,
      ${words.length > 1 ? `(select k.key from person_keys k where k.user_id = u.id and k.kind = ${keyKinds.beginning})` : 'null'} as whole from found u),
    ranked as (select j.id, j.class, j.name, j.fits, n.at, h.id is not null as "isMember",
        case when j.whole = ${phrase} then -1 when starts_with(j.whole, ${phrase}) then 1
          else (select max(f) + sum(f) / 1000.0 from unnest(j.fits) f) end as fit
      from judged j left join near n on n.id = j.id left join here h on h.id = j.id
      order by h.id is null, fit, n.at desc nulls last, j.class, j.name, j.id limit ${put(wanted.limit)})
    select u.id, u.name, u.kind, u.status, u.title, (select d.name from departments d where d.id = u.department_id) as department,
      u.email, r.fit::float8 as fit, r.fits as "wordFits", r."isMember"
    from ranked r join users u on u.id = r.id
    order by not r."isMember", r.fit, r.at desc nulls last, r.class, r.name, r.id`;
}

/** Who may be found at all: `u` in every source of candidates. */
const mayBeFound = (work: Work, wanted: Wanted): string =>
  [
    ...(wanted.isAdministration ? ['true'] : [visible(work), `u.status <> 'suspended'`]),
    ...(wanted.withImported ? [] : [`u.kind <> 'imported'`]),
  ].join(' and ');

/** The statements that name candidates. Each judges who may be seen, and that all words match. */
function candidates(work: Work, wanted: Wanted, driving: Word | undefined, others: Word[], put: Put): string[] {
  const isWanted = [mayBeFound(work, wanted), ...others.map((word) => matchesWord(word, put))].join(' and ');
  const isDriven = driving ? matchesWord(driving, put) : 'true';
  const facts = `u.id, ${classOf('u.kind')}, lower(u.name)`;
  const close = `select ${facts}, ${driving ? fitOf(driving, 'u.id', put) : '0'} from (select id from near union select id from here union select $1::uuid) c
    cross join lateral (select * from users u where u.id = c.id offset 0) u where ${isWanted} and ${isDriven}`;
  if (!seesAll(work, wanted)) return [close];
  const asked = put(Object.keys(classes).filter((kind) => wanted.withImported || kind !== 'imported'));
  const first = put(wanted.limit * 2 + 10);
  const { low, high, kinds, text } = driving ?? { ...everything, kinds: [keyKinds.beginning], text: '' };
  const walks = `select w.* from unnest(${asked}::text[]) as c (kind) cross join unnest(${put(kinds)}::smallint[]) as t (kind)
    cross join lateral (
      select ${facts}, ${driving ? fitOfKey(text, put) : '0'} from (
        select k.* from person_keys k
        where k.class = ${classOf('c.kind')} and k.kind = t.kind and k.key >= ${put(low)} and k.key < ${put(high)}
        order by k.key limit ${judgedKeys(text)}
      ) k join users u on u.id = k.user_id
      where ${isWanted} order by k.key limit ${first}
    ) w`;
  const sources = [close, walks];
  if (driving?.isBehind)
    sources.push(`(select ${facts}, ${keyKinds.middle * 2} from keys_due k join users u using (id)
      where ${isWanted} and ${unkeyed(driving, put)} order by lower(u.name) limit ${first})`);
  if (!driving?.departments.length) return sources;
  const placed = `select p.* from unnest(${asked}::text[]) as c (kind) cross join unnest(${put(driving.departments)}::uuid[]) as d (id)
    cross join lateral (
      select ${facts}, ${keyKinds.department * 2} from users u
      where u.department_id = d.id and u.kind = c.kind and ${isWanted} order by lower(u.name) limit ${first}
    ) p`;
  return [...sources, placed];
}

/**
 * As many keys of a class and kind are judged, not more: "d s" typed among 100,000 people would judge 30,000 one by one.
 * Where the rarest of several words begins more keys than that, some who match are not found until more is typed.
 */
const judgedKeys = (text: string): number => (/^[a-z0-9]$/.test(text) ? 500 : 3_000);

/** The class of a kind, an expression of the statement. */
const classOf = (kind: string): string =>
  `array_position(array[${Object.keys(classes)
    .map((name) => `'${name}'`)
    .join(', ')}], ${kind}) - 1`;

/** The word the candidates come from: one that begins no department's name, and the rarest of those. */
const inOrderOfUse = (words: Word[]): Word[] =>
  words.toSorted((a, b) => Number(a.departments.length > 0) - Number(b.departments.length > 0) || a.count - b.count);

/** How well a key `k` fits: twice its kind, and one more where the key's word goes on; -1 where it is the whole name. */
const fitOfKey = (text: string, put: Put): string =>
  `case when k.kind = 0 and k.key = ${put(text)} then -1
    else k.kind * 2 + case when k.key = ${put(text)} or starts_with(k.key, ${put(`${text} `)}) then 0 else 1 end end`;

/** How well a word fits a person, by the best of their keys. */
const fitOf = (word: Word, id: string, put: Put): string =>
  `least((select min(${fitOfKey(word.text, put)}) from person_keys k where k.user_id = ${id} and ${begins(word, put)}),
    ${word.isBehind ? `case when strpos((select lower(p.name) from users p where p.id = ${id}), ${put(word.text)}) > 0 then ${keyKinds.middle * 2} end,` : ''}
    case when ${word.departments.length > 0} and (select p.department_id from users p where p.id = ${id}) = any (${put(word.departments)}::uuid[])
      then ${keyKinds.department * 2} end)`;

/**
 * Whom the actor talks with, and when that was last: in direct and small conversations, the latest first. For those who
 * do not see all people it is everyone they share a conversation with.
 */
function nearPeople(work: Work, wanted: Wanted, put: Put): string {
  if (!seesAll(work, wanted))
    return work.may('conversations.read')
      ? `select theirs.user_id as id, max(c.last_at) filter (where c.member_count <= ${smallConversation}) as at
         from members mine join conversations c on c.id = mine.conversation_id join members theirs using (conversation_id)
         where mine.user_id = $1 and mine.left_at is null group by theirs.user_id`
      : `select $1::uuid as id, null::timestamptz as at`;
  return `select m.user_id as id, max(c.at) as at from (
      select c.id, coalesce(c.last_at, c.created_at) as at from members mine join conversations c on c.id = mine.conversation_id
      where mine.user_id = $1 and mine.left_at is null and c.member_count <= ${put(smallConversation)}
      order by at desc limit ${put(nearConversations)}
    ) c join members m on m.conversation_id = c.id where m.left_at is null and m.user_id <> $1 group by m.user_id`;
}

/** The members of the conversation named, as far as the actor is one of them. */
const membersOf = (conversationId: string | undefined, put: Put): string =>
  conversationId === undefined
    ? 'select null::uuid as id where false'
    : `select theirs.user_id as id from members mine join members theirs using (conversation_id)
       where mine.conversation_id = ${put(conversationId)} and mine.user_id = $1 and mine.left_at is null and theirs.left_at is null
       limit ${maxMembers}`;
