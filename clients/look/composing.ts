/**
 * Whether a key belongs to an input method (Chinese, Japanese, Korean) that is composing a word: Enter then takes a
 * candidate, Escape drops it, arrows walk through them. Safari ends the composition before the key arrives, and tells
 * only by code 229.
 */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;

/**
 * Keeps the keys of input methods from the page. It hears every key first, from the window on its way down, so it
 * holds for every field, list and dialog, those of libraries included: nothing is chosen, sent, closed or left. Key
 * handlers need not ask, and may not come before it; `composing.test.ts` looks for those that could. Call it before
 * the application is mounted.
 *
 * 1. While a word is composed, no handler hears its keys, nor when the key is let go: browsers report that after the
 *    composition.
 * 2. Safari's Enter would also submit a form or break the line by itself, as for the browser the composition is over.
 */
export function guardComposition(): void {
  let held: string | null = null;
  const stop = (event: KeyboardEvent) => {
    if (!isComposing(event)) {
      if (event.type === 'keydown') held = null;
      if (event.type !== 'keyup' || held === null || event.code !== held) return;
      held = null;
    } else if (event.type === 'keydown') {
      held = event.code || null;
      if (event.key === 'Enter' && !event.isComposing) event.preventDefault();
    }
    event.stopImmediatePropagation();
  };
  for (const type of ['keydown', 'keypress', 'keyup'] as const) window.addEventListener(type, stop, { capture: true });
}
