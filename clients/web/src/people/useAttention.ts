import { onScopeDispose } from 'vue';
import { parley } from '../parley.ts';

/** Away after ten minutes without a key, a click or a turn of the wheel; back with the first of them. */
const patience = 10 * 60_000;

export function useAttention() {
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  function stir() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      away = true;
      parley.presence('away');
    }, patience);
    if (!away) return;
    away = false;
    parley.presence('online');
  }
  // The keys of an input method are kept from the page (guardComposition); what they write is not.
  const signs = ['keydown', 'input', 'pointerdown', 'wheel', 'focus'] as const;
  for (const sign of signs) window.addEventListener(sign, stir, { passive: true });
  const online = () => parley.reconnect();
  window.addEventListener('online', online);
  stir();
  onScopeDispose(() => {
    clearTimeout(timer);
    window.removeEventListener('online', online);
    for (const sign of signs) window.removeEventListener(sign, stir);
  });
}
