import { watch } from 'vue';
import type { Ref } from 'vue';
import { personName } from '../conversations/names.ts';
import { plainText } from '../conversations/plain.ts';
import { me } from '../parley.ts';
import { say } from '../ui/notices.ts';
import { i18n } from '../words/i18n.ts';
import type { Talk } from './useTalk.ts';

/** Says a message that arrives at the tail to screen readers: once, politely, and not one's own. */
export function useArrivals(talk: Talk, atEnd: Ref<boolean>) {
  let heard = -1;
  watch(
    () => talk.entries.value.findLast((entry) => entry.kind === 'message')?.message ?? null,
    (message, before) => {
      const arrived =
        message && before && message.seq > heard && message.seq > before.seq && !talk.hasNewer.value && atEnd.value;
      heard = Math.max(heard, message?.seq ?? -1);
      if (arrived && message.senderId !== me()?.id)
        say(
          i18n.global.t('talk.arrived', {
            name: personName(message.senderId),
            text: plainText(message.body, personName, 200),
          }),
        );
    },
  );
}
