import { keepPreviousData, useQuery } from '@tanstack/vue-query';
import { computed, reactive, toValue } from 'vue';
import { type MaybeRefOrGetter } from 'vue';
import { type TypedDocumentString } from '../graphql/graphql.ts';
import { request } from './request.ts';

type Options<T> = {
  enabled?: MaybeRefOrGetter<boolean>;
  every?: number | ((data: T | undefined) => number | false);
  keep?: boolean;
};

/**
 * Reads one document for as long as the component lives, again whenever its variables change; what was there stays until the new answer comes.
 * `every`: milliseconds after which it is asked again by itself; it may depend on what was read.
 */
export function useServer<T, V>(
  document: TypedDocumentString<T, V>,
  variables: MaybeRefOrGetter<V>,
  { enabled = true, every, keep = true }: Options<T> = {},
) {
  const said = computed(() => toValue(variables));
  const query = useQuery({
    queryKey: computed(() => [nameOf(document), said.value]),
    queryFn: ({ signal }) => request(document, said.value, signal),
    enabled: computed(() => toValue(enabled)),
    refetchInterval: (running) =>
      typeof every === 'function' ? every(running.state.data as T | undefined) : (every ?? false),
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  });
  return reactive(query);
}

export const nameOf = (document: { toString(): string }) =>
  /^\s*(?:query|mutation)\s+(\w+)/m.exec(document.toString())?.[1] ?? '';
