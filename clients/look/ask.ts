import { markRaw, nextTick, shallowReactive } from 'vue';
import type { Component } from 'vue';
import { line, rest } from './focus.ts';

type Asked = { id: number; dialog: Component; props: Record<string, unknown>; answer: (value: unknown) => void };
/** Open questions, the latest on top. `QuestionHost` draws them. */
export const asked = shallowReactive<Asked[]>([]);
let last = 0;

/**
 * Opens a dialog and waits for its answer: the value of its `answer` event, or undefined when it was closed.
 * The element that had the focus gets it back; where the act took its line away, a line beside it does.
 */
export function ask<T>(dialog: Component, props: Record<string, unknown> = {}): Promise<T | undefined> {
  // The same dialog twice is one dialog: a key held down must not pile them up.
  if (asked.some((open) => open.dialog === markRaw(dialog))) return Promise.resolve(undefined);
  const before = document.activeElement;
  const here = before?.closest(line);
  const places = [before, here?.nextElementSibling, here?.previousElementSibling];
  return new Promise((resolve) => {
    const id = ++last;
    const answer = (value: unknown) => {
      const at = asked.findIndex((open) => open.id === id);
      if (at >= 0) asked.splice(at, 1);
      resolve(value as T | undefined);
      void nextTick(() => giveBack(places));
    };
    asked.push({ id, dialog: markRaw(dialog), props, answer });
  });
}

/** A dialog's library gives the focus back to what it knows. Where nothing of all this is left, `keepFocus` finds a place. */
function giveBack(places: readonly (Element | null | undefined)[]) {
  if (asked.length > 0 || (document.activeElement && document.activeElement !== document.body)) return;
  const place = places.find((one): one is HTMLElement => one instanceof HTMLElement && one.isConnected);
  if (place) rest(place);
}
