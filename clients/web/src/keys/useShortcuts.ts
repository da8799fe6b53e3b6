import { onScopeDispose } from 'vue';
import QuickSwitcher from '../conversations/QuickSwitcher.vue';
import { openId, sections } from '../conversations/list.ts';
import { openConversation } from '../conversations/open.ts';
import { isWaiting, neighbour } from '../conversations/sections.ts';
import { parley } from '../parley.ts';
import { openSearch } from '../search/address.ts';
import { preferences } from '../settings/preferences.ts';
import { ask, asked } from '@parley/look/ask.ts';
import ShortcutsDialog from './ShortcutsDialog.vue';
import { comboOf, shortcuts } from './shortcuts.ts';
import type { ShortcutName } from './shortcuts.ts';

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');

function go(step: 1 | -1, waitingOnly = false) {
  const id = neighbour(sections.value, openId.value, step, waitingOnly ? isWaiting : undefined);
  if (id) openConversation(id);
}

/** F6 walks through the parts of the window, as desktop programs do. */
function nextRegion(step: 1 | -1) {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) => region.offsetParent !== null,
  );
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const region = regions[(here + step + regions.length) % regions.length];
  const stop = region?.querySelector<HTMLElement>(
    '[data-composer], a[tabindex="0"], article[tabindex="0"], button, a[href]',
  );
  stop?.focus();
}

// Escape closes what lies on top; with nothing open, everything here counts as read.
function close() {
  const summary = openId.value ? parley.store.conversations.get(openId.value) : undefined;
  if (matchMedia('(max-width: 1100px)').matches && preferences.details) preferences.details = false;
  else if (summary?.mine) parley.markRead(summary.conversation.id, summary.lastLine);
}

const acts: Partial<Record<ShortcutName, (event: KeyboardEvent) => void>> = {
  switcher: () => void ask(QuickSwitcher),
  search: () => void openSearch(),
  next: () => go(1),
  previous: () => go(-1),
  nextUnread: () => go(1, true),
  previousUnread: () => go(-1, true),
  help: () => void ask(ShortcutsDialog),
  details: () => (preferences.details = !preferences.details),
  regions: () => nextRegion(1),
  close,
};

/** Hears the shortcuts that hold everywhere. A sign that can be typed is a shortcut only outside of text fields. */
export function useShortcuts() {
  function onKey(event: KeyboardEvent) {
    if (event.defaultPrevented) return;
    const combo = comboOf(event);
    const name = shortcuts.find((shortcut) => shortcut.scope === 'everywhere' && shortcut.keys === combo)?.name;
    const act = name && acts[name];
    if (!act || (asked.length > 0 && name !== 'switcher')) return;
    if (combo.length === 1 && isField(event.target)) return;
    event.preventDefault();
    act(event);
  }
  window.addEventListener('keydown', onKey);
  onScopeDispose(() => window.removeEventListener('keydown', onKey));
}
