import { computed, shallowRef } from 'vue';

/** Rows chosen for one act together. They stay chosen while one pages on. */
export function useSelection<Row>(idOf: (row: Row) => string) {
  const chosen = shallowRef(new Map<string, Row>());
  return {
    chosen,
    all: computed(() => [...chosen.value.values()]),
    many: computed(() => chosen.value.size),
    put(rows: Row[], on: boolean) {
      const next = new Map(chosen.value);
      for (const row of rows) {
        if (on) next.set(idOf(row), row);
        else next.delete(idOf(row));
      }
      chosen.value = next;
    },
    clear: () => void (chosen.value = new Map()),
  };
}
