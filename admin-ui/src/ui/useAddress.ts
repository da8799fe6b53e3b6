import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** What the address bar holds, one value a name. Changing a filter begins the list anew. */
export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  const read = (name: string): string | null => {
    const value = route.query[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  /** Sets several at once; null and '' take a value away. A choice is a step one can go back from; a letter typed is not. */
  function write(values: Record<string, string | null>, go: 'push' | 'replace' = 'push') {
    const { after: _after, ...query } = route.query;
    const next = Object.fromEntries(
      Object.entries({ ...query, ...values }).filter(([, value]) => value !== null && value !== ''),
    );
    return router[go]({ query: next });
  }
  /** One value as a ref; only values of `allowed`, where given, are taken from a link. */
  const value = <T extends string = string>(name: string, allowed?: readonly T[]) =>
    computed<T | null>({
      get: () => {
        const said = read(name);
        return said === null || (allowed && !allowed.includes(said as T)) ? null : (said as T);
      },
      set: (now) => void write({ [name]: now }),
    });
  const text = (name: string) =>
    computed<string>({ get: () => read(name) ?? '', set: (now) => void write({ [name]: now }, 'replace') });
  return { value, text, write };
}
