import { computed } from 'vue';
import { preferences } from './preferences.ts';

export type Column = {
  key: string;
  title: string;
  /** What the server sorts by for it. */
  sort?: string;
  /** Figures stand to the right. */
  figures?: boolean;
  /** Not on a narrow screen. */
  wide?: boolean;
  /** Cannot be hidden. */
  fixed?: boolean;
  /** Only when chosen. */
  extra?: boolean;
  width?: string;
};

/** The columns somebody wants to see of a list; kept on the device. */
export function useColumns(list: string, all: () => Column[]) {
  const chosen = computed(
    () =>
      preferences.columns[list] ??
      all()
        .filter(({ extra }) => !extra)
        .map(({ key }) => key),
  );
  const shown = computed(() => all().filter(({ key, fixed }) => fixed || chosen.value.includes(key)));
  function toggle(key: string) {
    const next = chosen.value.includes(key) ? chosen.value.filter((one) => one !== key) : [...chosen.value, key];
    preferences.columns = { ...preferences.columns, [list]: next };
  }
  return { shown, toggle };
}
