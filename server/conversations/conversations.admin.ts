import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { PersonType } from '../users/person-type.ts';

/** What administration sees of people's conversations: how many, never which. */
export function conversationsAdmin(builder: AdminBuilder): void {
  builder.objectField(PersonType, 'conversationsCount', (t) =>
    t.loadable({
      type: 'Int',
      description: 'How many conversations they are in.',
      load: async (ids: string[], work) => {
        const rows = await work.sql<{ id: string; count: number }>(
          'select user_id as id, count(*)::int as count from members where user_id = any ($1::uuid[]) and left_at is null group by user_id',
          [ids],
        );
        const counts = new Map(rows.map(({ id, count }) => [id, count]));
        return ids.map((id) => counts.get(id) ?? 0);
      },
      resolve: ({ id }) => id,
    }),
  );
}
