import { computed } from 'vue';
import { isDay } from '../dashboards/days.ts';
import { AuditEntriesDocument, AuditEntryDocument, type AuditOutcome } from '../graphql/graphql.ts';
import { useServer } from '../session/useServer.ts';
import { useAddress } from '../ui/useAddress.ts';
import { usePages } from '../ui/usePages.ts';
import { momentsOf, type Days } from './days.ts';

const outcomes: AuditOutcome[] = ['done', 'refused'];

/** The audit log as the address bar describes it. Days are the reader's, both included. */
export function useAuditList() {
  const { value, text, write } = useAddress();
  const pages = usePages();
  const filters = {
    text: text('q'),
    actor: value('actor'),
    action: value('action'),
    outcome: value('outcome', outcomes),
    target: value('target'),
    from: value('from'),
    to: value('to'),
  };
  const dayOf = (text: string | null) => (isDay(text) ? text : null);
  const days = computed<Days>(() => ({ from: dayOf(filters.from.value), to: dayOf(filters.to.value) }));
  const list = useServer(
    AuditEntriesDocument,
    () => ({
      first: pages.size.value,
      after: pages.after.value,
      actorId: filters.actor.value,
      action: filters.action.value,
      outcome: filters.outcome.value,
      targetId: filters.target.value,
      ...momentsOf(days.value),
      text: filters.text.value || null,
    }),
    // Until everything on the page is sealed it is looked at again: that takes about a second.
    { every: (data) => (data?.auditEntries.edges.some(({ node }) => node.position === null) ? 1_500 : false) },
  );
  const entries = computed(() => list.data?.auditEntries.edges.map(({ node }) => node) ?? []);
  const open = value('entry');
  const here = computed(() => entries.value.find(({ id }) => id === open.value) ?? null);
  // A link to a line opens it also when the list has moved on since.
  const elsewhere = useServer(AuditEntryDocument, () => ({ id: open.value! }), {
    enabled: () => open.value !== null && list.data !== undefined && here.value === null,
    keep: false,
  });
  return {
    ...filters,
    filtered: computed(() => Object.values(filters).some((filter) => filter.value)),
    clear: () => void write({ q: null, actor: null, action: null, outcome: null, target: null, from: null, to: null }),
    list,
    entries,
    pages,
    open,
    opened: computed(() => here.value ?? (open.value === null ? null : (elsewhere.data?.auditEntry ?? null))),
    /** There is no such line, or the address holds something else. */
    missing: computed(
      () =>
        open.value !== null && here.value === null && (elsewhere.error !== null || elsewhere.data?.auditEntry === null),
    ),
    /** What the lines call their target. */
    targetName: computed(
      () => entries.value.find(({ target }) => target?.id === filters.target.value)?.target?.name ?? null,
    ),
    days,
    setDays: (chosen: Days) => void write(chosen),
  };
}
