import type { CallPayload } from '@parley/protocol/catalogue.ts';
import { folded } from '@parley/protocol/name-fold.ts';
import { Slices } from '../kernel/slices.ts';
import type { Work } from '../kernel/work.ts';
import { keyKinds, keysOfName, type Key } from '../users/keys.ts';

/*
 * Own groups and channels by the spelling of their Chinese names. By their names as they are written the device finds
 * them itself, at once and offline; the tables of pinyin are large and stay on the server.
 */

/** Those spoken in last: people do not look further back by spelling. */
const maxConversations = 1_000;

/** The actor's groups and channels whose Chinese names are spelled as typed, in pinyin or by initials. */
export async function find(
  work: Work,
  { query, limit }: CallPayload<'conversation:find'>,
): Promise<{ conversationIds: string[] }> {
  work.require('conversations.read');
  const words = folded(query).split(' ').filter(Boolean);
  if (words.length === 0) return { conversationIds: [] };
  const rows = await work.db.rows<{ id: string; name: string }>(
    `select c.id, c.name from members m join conversations c on c.id = m.conversation_id
     where m.user_id = $1 and m.left_at is null and c.name is not null and c.archived_at is null
     order by c.last_at desc nulls last, c.id limit $2`,
    [work.person(), maxConversations],
    'own conversations by spelling',
  );
  const slices = new Slices();
  const ranked: { id: string; rank: number }[] = [];
  for (const { id, name } of rows) {
    const rank = rankOf(spellings(name), words);
    if (rank !== null) ranked.push({ id, rank });
    if (slices.isOver()) await slices.next();
  }
  ranked.sort((a, b) => a.rank - b.rank);
  return { conversationIds: ranked.slice(0, limit).map(({ id }) => id) };
}

/** The worst of the best keys of each word; null where a word begins none. */
function rankOf(keys: readonly Key[], words: readonly string[]): number | null {
  let worst = 0;
  for (const word of words) {
    const best = Math.min(...keys.filter(({ key }) => key.startsWith(word)).map(({ kind }) => kind));
    if (best === Infinity) return null;
    worst = Math.max(worst, best);
  }
  return worst;
}

/** Names whose spellings are kept: each is asked for with every letter typed. */
const maxKept = 5_000;
const kept = new Map<string, readonly Key[]>();

function spellings(name: string): readonly Key[] {
  if (!/\p{Script=Han}/u.test(name)) return [];
  let keys = kept.get(name);
  if (!keys) {
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(name, (keys = keysOfName(name).filter(({ kind }) => kind !== keyKinds.middle)));
  }
  return keys;
}
