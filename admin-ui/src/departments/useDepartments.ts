import { computed } from 'vue';
import { DepartmentsDocument } from '../graphql/graphql.ts';
import { may } from '../may.ts';
import { useServer } from '../session/useServer.ts';
import { branchesOf, flat } from './tree.ts';

/** The tree of departments, and its departments as choices, indented. */
export function useDepartments() {
  const query = useServer(DepartmentsDocument, {}, { enabled: () => may('users.read') });
  const branches = computed(() => branchesOf(query.data?.departments ?? []));
  const all = computed(() => flat(branches.value));
  return {
    query,
    branches,
    all,
    options: computed(() =>
      all.value.map(({ id, name, depth, path }) => ({
        value: id,
        label: name,
        depth,
        detail: depth > 1 ? path.at(-2) : undefined,
      })),
    ),
    nameOf: (id: string | null) => all.value.find((one) => one.id === id)?.name,
  };
}
