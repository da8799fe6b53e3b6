import { onScopeDispose, watch } from 'vue';
import { isNavigationFailure, NavigationFailureType } from 'vue-router';
import { router } from '../router.ts';

/** Shows the message the address names: when that changes, and when a link leads to where one is already. */
export function useSought(seq: () => number | null, show: (seq: number) => void) {
  function seek() {
    const sought = seq();
    if (sought) show(sought);
  }
  watch(seq, seek);
  onScopeDispose(
    router.afterEach((_to, _from, failure) => {
      if (isNavigationFailure(failure, NavigationFailureType.duplicated)) seek();
    }),
  );
}
