import { QueryClient } from '@tanstack/vue-query';
import { ServerError } from './server-error.ts';

/** What was read, by document and variables. A refusal is final; silence is tried twice more. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (times, error) => times < 2 && error instanceof ServerError && error.fault === 'nobodys',
      refetchOnWindowFocus: true,
    },
  },
});

/** After an act nothing on screen is taken for granted. */
export const everythingMoved = () => queries.invalidateQueries();
