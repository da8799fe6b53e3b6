import { comboOf } from '../keys/shortcuts.ts';
import type { useMentionPicker } from './useMentionPicker.ts';

type Hands = {
  picker: ReturnType<typeof useMentionPicker>;
  choose: () => unknown;
  submit: () => unknown;
  isEmpty: () => boolean;
  isEditing: () => boolean;
  endEdit: () => void;
  editLast: () => void;
  togglePreview: () => void;
};

/** The composer's keys. Those of an input method that is composing never get here (`guardComposition`). */
export function composerKeys(hands: Hands) {
  const picking: Record<string, () => unknown> = {
    ArrowDown: () => hands.picker.move(1),
    ArrowUp: () => hands.picker.move(-1),
    Enter: hands.choose,
    Tab: hands.choose,
    Escape: hands.picker.dismiss,
  };
  const writing: Record<string, () => unknown> = {
    Enter: hands.submit,
    'Mod+Enter': hands.submit,
    'Mod+Shift+P': hands.togglePreview,
  };

  return (event: KeyboardEvent) => {
    const inField = (event.target as HTMLElement).matches('[data-composer]');
    const combo = comboOf(event);
    const act =
      inField && hands.picker.open.value
        ? picking[combo]
        : combo === 'Escape' && hands.isEditing()
          ? hands.endEdit
          : inField && combo === 'ArrowUp' && hands.isEmpty() && !hands.isEditing()
            ? hands.editLast
            : inField || combo === 'Mod+Shift+P'
              ? writing[combo]
              : undefined;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}
