import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { PersonType } from '../users/person-type.ts';
import { pathsOf } from './departments.ts';

/** Where a person belongs, in the administrative schema. */
export function departmentsAdmin(builder: AdminBuilder): void {
  const Department = builder.objectRef<{ id: string; path: string[] }>('Department').implement({
    description: 'A department and its place in the tree.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.string({ resolve: ({ path }) => path.at(-1) ?? '' }),
      path: t.exposeStringList('path', { description: 'The names from the top of the tree down to this department.' }),
    }),
  });
  builder.objectField(PersonType, 'department', (t) =>
    t.loadable({
      type: Department,
      nullable: true,
      // One statement for all people of a page.
      load: async (ids: string[], work) => {
        const paths = await pathsOf(work.db, ids);
        return ids.map((id) => ({ id, path: paths.get(id) ?? [] }));
      },
      resolve: ({ departmentId }) => departmentId,
    }),
  );
}
