/** Puts the focus on something, also where that is no stop of the Tab key; it becomes none by that. */
export function rest(place: HTMLElement) {
  if (place.tabIndex < 0 && !place.hasAttribute('tabindex')) {
    place.tabIndex = -1;
    place.addEventListener('blur', () => place.removeAttribute('tabindex'), { once: true });
  }
  place.focus({ preventScroll: true });
}

/** A line of a list or a table. */
export const line = 'li, tr';

/** What took a node out of the page. Its surroundings may have been emptied first and taken out themselves afterwards. */
function removalOf(node: Node, records: MutationRecord[]): MutationRecord | undefined {
  const removal = records.find(({ removedNodes }) => [...removedNodes].some((removed) => removed.contains(node)));
  return removal && !removal.target.isConnected ? (removalOf(removal.target, records) ?? removal) : removal;
}

/** Who stands closest to what was taken out of the page: the next line of its list, or else what it stood in. */
function closestTo({ target, nextSibling, previousSibling }: MutationRecord) {
  const beside = [nextSibling, previousSibling].find(
    (one): one is HTMLElement => one instanceof HTMLElement && one.isConnected && one.matches(line),
  );
  const around = target instanceof Element && target.isConnected ? target : null;
  return beside ?? around?.closest<HTMLElement>(`${line}, [tabindex], main`) ?? document.querySelector('main');
}

/**
 * From here on nobody is left without a place in the page. What has the focus may be moved by news (it keeps the focus) or go away (what
 * stands closest gets it): browsers put it nowhere in both cases, and whoever works by keyboard or hears the page starts over at its top.
 */
export function keepFocus(): void {
  let last: Element | null = null;
  // Who clicks on nothing has let go of it: what goes away afterwards is no loss.
  const note = () => (last = document.activeElement === document.body ? null : document.activeElement);
  for (const event of ['focusin', 'pointerup']) document.addEventListener(event, note);
  let taken: MutationRecord | undefined;
  new MutationObserver((records) => {
    const had = last;
    const removal = had && removalOf(taken?.target ?? had, records);
    if (!removal) return;
    // A dialog or a menu that closes gives the focus back itself, some of them a moment later.
    if (!taken)
      setTimeout(() => {
        if (document.activeElement === document.body) handOn(had, taken!);
        taken = undefined;
      });
    taken = removal;
  }).observe(document.body, { childList: true, subtree: true });
}

function handOn(had: Element, taken: MutationRecord) {
  if (had.isConnected && had instanceof HTMLElement) had.focus({ preventScroll: true });
  else {
    const place = closestTo(taken);
    if (place) rest(place);
  }
}
