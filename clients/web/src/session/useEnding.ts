import { watch } from 'vue';
import { useRouter } from 'vue-router';
import { line } from '../parley.ts';
import { forget } from './arrive.ts';

/** The session was ended elsewhere, or the person suspended: the page says so and asks to sign in. */
export function useEnding() {
  const router = useRouter();
  watch(
    () => line().state,
    (state) => {
      if (state !== 'signed-out') return;
      forget();
      void router.replace({
        name: 'sign-in',
        query: { ended: line().problem?.code ?? 'session_ended', next: router.currentRoute.value.fullPath },
      });
    },
    { immediate: true },
  );
}
