import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { PeopleDocument, type PeopleSort, type PersonKind, type PersonStatus } from '../graphql/graphql.ts';
import { useServer } from '../session/useServer.ts';
import { type Column } from '../ui/columns.ts';
import { useAddress } from '../ui/useAddress.ts';
import { usePages } from '../ui/usePages.ts';

export const statuses: PersonStatus[] = ['active', 'invited', 'suspended'];
export const kinds: PersonKind[] = ['person', 'bot', 'guest', 'imported'];
export const roles = ['owner', 'administrator', 'auditor', 'analyst', 'member', 'guest'] as const;
const sorts: PeopleSort[] = ['NAME', 'EMAIL', 'CREATED_AT', 'LAST_SEEN_AT'];

/** The list of people as the address bar describes it, and its page from the server. */
export function usePeopleList() {
  const { value, text, write } = useAddress();
  const pages = usePages();
  const filters = {
    query: text('q'),
    status: value('status', statuses),
    kind: value('kind', kinds),
    department: value('department'),
    role: value('role', roles),
  };
  const sort = value<PeopleSort>('sort', sorts);
  const descending = computed(() => text('order').value === 'down');
  const filtered = computed(() =>
    Boolean(
      filters.query.value ||
      filters.status.value ||
      filters.kind.value ||
      filters.department.value ||
      filters.role.value,
    ),
  );

  const list = useServer(PeopleDocument, () => ({
    first: pages.size.value,
    after: pages.after.value,
    query: filters.query.value || null,
    status: filters.status.value,
    kind: filters.kind.value,
    departmentId: filters.department.value,
    role: filters.role.value,
    sort: sort.value ?? 'NAME',
    descending: descending.value,
  }));

  return {
    ...filters,
    filtered,
    clear: () => void write({ q: null, status: null, kind: null, department: null, role: null }),
    sort: computed(() => sort.value ?? 'NAME'),
    descending,
    /** The same column again turns the order round. */
    sortBy(by: string) {
      const again = by === (sort.value ?? 'NAME');
      void write({ sort: by === 'NAME' ? null : by, order: again && !descending.value ? 'down' : null });
    },
    pages,
    list,
    people: computed(() => list.data?.people.edges.map(({ node }) => node) ?? []),
  };
}

export function usePeopleColumns() {
  const { t } = useI18n();
  return (): Column[] => [
    { key: 'name', title: t('people.name'), sort: 'NAME', fixed: true },
    { key: 'email', title: t('people.email'), sort: 'EMAIL', wide: true },
    { key: 'title', title: t('people.jobTitle'), wide: true, extra: true },
    { key: 'department', title: t('people.department'), wide: true },
    { key: 'roles', title: t('people.roles'), wide: true },
    { key: 'kind', title: t('people.kind'), wide: true, extra: true },
    { key: 'status', title: t('people.status') },
    { key: 'lastSeen', title: t('people.lastSeen'), sort: 'LAST_SEEN_AT', wide: true },
    { key: 'created', title: t('people.created'), sort: 'CREATED_AT', wide: true, extra: true },
  ];
}
