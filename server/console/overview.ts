import { freshnessOf, type Freshness } from '../dashboards/numbers.ts';
import { identity } from '../identity/identity.ts';
import { now } from '../kernel/clock.ts';
import type { Work } from '../kernel/work.ts';

/** The state of the house on one page. Counts only, so that everybody who may open the console may see it. */
export type Overview = {
  peopleActive: number;
  guestsActive: number;
  peopleInvited: number;
  peopleSuspended: number;
  bots: number;
  conversations: number;
  messages: number;
  messagesToday: number;
  connectionsNow: number;
  sealedPosition: number;
  unsealedEntries: number;
  lastCheckpointAt: Date | null;
  analytics: Freshness;
  version: string;
  startedAt: Date;
};

/** `timeZone` decides when today began. Needs `console.read`. */
export async function overview(work: Work, timeZone: string): Promise<Overview> {
  work.require('console.read');
  const [counts] = await work.sql<
    Omit<Overview, 'connectionsNow' | 'analytics' | 'version' | 'startedAt' | 'lastCheckpointAt'> & {
      lastCheckpointAt: string | null;
    }
  >(
    `select p.*,
       (select count(*)::int from conversations) as conversations,
       -- Messages are numbered without holes: their numbers count them.
       (select coalesce(sum(last_seq), 0)::bigint from conversations) as messages,
       (select count(*)::int from messages where created_at >= date_trunc('day', $1::timestamptz at time zone $2) at time zone $2) as "messagesToday",
       (select coalesce(max(position), 0) from audit_entries) as "sealedPosition",
       (select count(*)::int from audit_entries where position is null) as "unsealedEntries",
       (select line::json -> 'statement' ->> 'at' from audit_statements where kind = 'checkpoint' order by number desc limit 1) as "lastCheckpointAt"
     from (
       -- Each is what the list of people shows under the same filters: a number that is opened must not become another.
       select count(*) filter (where status = 'active' and kind = 'person')::int as "peopleActive",
         count(*) filter (where status = 'active' and kind = 'guest')::int as "guestsActive",
         count(*) filter (where status = 'invited')::int as "peopleInvited",
         count(*) filter (where status = 'suspended')::int as "peopleSuspended",
         count(*) filter (where kind = 'bot')::int as bots
       from users
     ) p`,
    [work.at, timeZone],
  );
  const { lastCheckpointAt, ...rest } = counts!;
  return {
    ...rest,
    lastCheckpointAt: lastCheckpointAt ? new Date(lastCheckpointAt) : null,
    connectionsNow: work.house.broadcast.seats().length,
    analytics: await freshnessOf(work),
    version: work.use(identity).version,
    startedAt: new Date(now() - process.uptime() * 1_000),
  };
}
