import { onBeforeUnmount, onMounted } from 'vue';

/** Calls `act` for Ctrl (or Cmd) and this key, wherever the focus is, for as long as the component lives. */
export function useKey(key: string, act: () => void) {
  const listen = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== key) return;
    event.preventDefault();
    act();
  };
  onMounted(() => document.addEventListener('keydown', listen));
  onBeforeUnmount(() => document.removeEventListener('keydown', listen));
}
