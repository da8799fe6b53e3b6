import { shallowReactive } from 'vue';

type Notice = { id: number; text: string };
/** Small words at the edge: what happened, for six seconds. Failures stay where they belong, on the page or in the dialog. */
export const notices = shallowReactive<Notice[]>([]);
let last = 0;

export function tell(text: string) {
  const id = ++last;
  notices.push({ id, text });
  setTimeout(() => {
    const at = notices.findIndex((notice) => notice.id === id);
    if (at >= 0) notices.splice(at, 1);
  }, 6_000);
}
