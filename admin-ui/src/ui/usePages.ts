import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';

export const sizes = [25, 50, 100] as const;

/**
 * Paging by cursor. The address holds where one is; the way back is kept with the history entry, so it survives a reload but not a shared link,
 * from which only the first page is known.
 */
export function usePages() {
  const route = useRoute();
  const router = useRouter();
  const after = computed(() => (typeof route.query.after === 'string' ? route.query.after : null));
  const size = computed<number>(() => sizes.find((one) => String(one) === route.query.size) ?? 50);
  // history.state is no ref: it is read anew whenever the address moves.
  const trail = computed<string[] | null>(() => {
    void route.fullPath;
    if (after.value === null) return [];
    const kept: unknown = history.state?.trail;
    return Array.isArray(kept) ? (kept as string[]) : null;
  });
  function go(cursor: string | null, way: string[], more: Record<string, string | undefined> = {}) {
    const { after: _after, ...query } = route.query;
    return router.push({
      query: { ...query, ...more, ...(cursor === null ? {} : { after: cursor }) },
      state: { trail: way },
    });
  }
  return {
    after,
    size,
    /** How many rows lie before this page; null when nobody knows. */
    before: computed(() => (trail.value === null ? null : trail.value.length * size.value)),
    resize: (now: number) => void go(null, [], { size: now === 50 ? undefined : String(now) }),
    next: (cursor: string) => void go(cursor, [...(trail.value ?? []), after.value ?? '']),
    previous: () => {
      const way = trail.value ?? [];
      void go(way.at(-1) || null, way.slice(0, -1));
    },
    first: () => void go(null, []),
  };
}
