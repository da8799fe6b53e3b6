import type { Database } from '../kernel/database.ts';

/*
 * How frequent tokens are, as PostgreSQL's own statistics tell: of the thousand most frequent it knows the share, of the others that it is below.
 * They choose a way of looking and nothing else, so that being old, or missing, costs time and no truth.
 */

type Shares = { of: Map<string, number>; others: number; entries: number };

const staleAfter = 60_000;
const known = new WeakMap<Database, { at: number; shares: Promise<Shares> }>();

/**
 * At most which share of all entries has all these tokens, and one of the `words` words that begin so; and how many
 * entries there are.
 */
export async function shareOf(
  db: Database,
  tokens: readonly string[],
  beginning: { text: string; words: number } | null = null,
): Promise<{ share: number; entries: number }> {
  const { of, others, entries } = await sharesOf(db);
  const shares = tokens.map((token) => of.get(token) ?? others);
  if (beginning !== null) {
    const frequent = [...of].filter(([token]) => token.startsWith(beginning.text)).map(([, share]) => share);
    const rest = Math.max(0, beginning.words - frequent.length) * others;
    shares.push(frequent.reduce((sum, share) => sum + share, Math.min(1, rest)));
  }
  return { share: Math.min(1, ...shares), entries };
}

/** Nobody waits for newer statistics while there are older ones. */
async function sharesOf(db: Database): Promise<Shares> {
  const held = known.get(db);
  if (held && performance.now() - held.at < staleAfter) return held.shares;
  const fresh = read(db);
  known.set(db, { at: performance.now(), shares: held ? fresh.catch(() => held.shares) : fresh });
  return held
    ? held.shares
    : fresh.catch((error: unknown) => {
        known.delete(db);
        throw error;
      });
}

async function read(db: Database): Promise<Shares> {
  const [row] = await db.rows<{ tokens: string[] | null; shares: number[] | null; entries: number }>(
    `select s.most_common_elems::text::text[] as tokens, s.most_common_elem_freqs as shares, greatest(c.reltuples, 0)::float8 as entries
     from pg_class c left join pg_stats s on s.schemaname = current_schema() and s.tablename = c.relname and s.attname = 'tokens'
     where c.oid = 'search_entries'::regclass`,
  );
  const { tokens, shares, entries } = row!;
  // After the shares of the elements stand the least and the greatest of them, and the share of arrays that are null.
  const others = tokens && shares ? (shares[tokens.length] ?? 0) : 0;
  return { of: new Map(tokens?.map((token, i) => [token, shares![i]!])), others, entries };
}
