import { watch } from 'vue';
import { draftStore } from '../composer/drafts.ts';
import { parley, storage } from '../parley.ts';
import { unsavedEdits } from '../talk/editing.ts';

const ask = (event: BeforeUnloadEvent) => event.preventDefault();

/**
 * The browser asks before it leaves this page, while leaving loses words: a send or a draft that is in memory only, or a
 * change to a message that was not saved. Not otherwise: browsers keep a page that asks out of their back/forward cache.
 */
export function warnOfLoss(): void {
  watch(
    () => storage().unkept || draftStore().unkept || unsavedEdits.size > 0,
    (loses) => (loses ? addEventListener('beforeunload', ask) : removeEventListener('beforeunload', ask)),
  );
}

/** A page that comes back from the back/forward cache has a dead line, and may have missed anything: it catches up. */
export function wakeFromCache(): void {
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted || parley.state === 'signed-out') return;
    parley.stop();
    parley.start();
  });
}
