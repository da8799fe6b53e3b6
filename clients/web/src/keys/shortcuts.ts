import type { Words } from './words.en.ts';

export type ShortcutName = keyof Omit<Words['keys'], 'title' | 'everywhere' | 'writing' | 'reading'>;
type Scope = 'everywhere' | 'writing' | 'reading';
/** `Mod` is Command on a Mac and Ctrl elsewhere. */
export type Shortcut = { name: ShortcutName; scope: Scope; keys: string };

/** Every shortcut, once: the handlers, the help dialog and the tooltips all read this. */
export const shortcuts: readonly Shortcut[] = [
  { name: 'switcher', scope: 'everywhere', keys: 'Mod+K' },
  { name: 'search', scope: 'everywhere', keys: 'Mod+Shift+F' },
  { name: 'next', scope: 'everywhere', keys: 'Alt+ArrowDown' },
  { name: 'previous', scope: 'everywhere', keys: 'Alt+ArrowUp' },
  { name: 'nextUnread', scope: 'everywhere', keys: 'Alt+Shift+ArrowDown' },
  { name: 'previousUnread', scope: 'everywhere', keys: 'Alt+Shift+ArrowUp' },
  { name: 'regions', scope: 'everywhere', keys: 'F6' },
  { name: 'details', scope: 'everywhere', keys: 'Mod+.' },
  { name: 'close', scope: 'everywhere', keys: 'Escape' },
  { name: 'help', scope: 'everywhere', keys: '?' },
  { name: 'send', scope: 'writing', keys: 'Enter' },
  { name: 'newline', scope: 'writing', keys: 'Shift+Enter' },
  { name: 'editLast', scope: 'writing', keys: 'ArrowUp' },
  { name: 'mention', scope: 'writing', keys: '@' },
  { name: 'preview', scope: 'writing', keys: 'Mod+Shift+P' },
  { name: 'messageUp', scope: 'reading', keys: 'ArrowUp' },
  { name: 'messageDown', scope: 'reading', keys: 'ArrowDown' },
  { name: 'intoMessage', scope: 'reading', keys: 'Enter' },
  { name: 'toComposer', scope: 'reading', keys: 'Escape' },
];

const mac = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '');
const signs: Record<string, string> = {
  Mod: mac ? '⌘' : 'Ctrl',
  Alt: mac ? '⌥' : 'Alt',
  Shift: mac ? '⇧' : 'Shift',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/** The keys of a shortcut as this machine's keyboard calls them. */
export const keysOf = (name: ShortcutName): string => partsOf(name).join(mac ? '' : '+');
export const partsOf = (name: ShortcutName): string[] =>
  shortcuts
    .find((shortcut) => shortcut.name === name)!
    .keys.split('+')
    .map((key) => signs[key] ?? key);

/** The name under which an event's keys are written in the table: "Alt+Shift+ArrowDown". */
export function comboOf(event: Pick<KeyboardEvent, 'key' | 'altKey' | 'shiftKey' | 'ctrlKey' | 'metaKey'>): string {
  const single = event.key.length === 1;
  const key = single ? event.key.toUpperCase() : event.key;
  const mod = mac ? event.metaKey : event.ctrlKey;
  // A sign such as "?" already is what Shift makes of its key.
  const shift = event.shiftKey && (!single || /[A-Z]/.test(key));
  return [mod && 'Mod', event.altKey && 'Alt', shift && 'Shift', key].filter(Boolean).join('+');
}
