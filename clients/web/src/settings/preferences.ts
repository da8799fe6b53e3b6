import { reactive, watch } from 'vue';
import { preferredLanguage, languages, speak } from '../words/i18n.ts';
import type { Language } from '../words/i18n.ts';

export type Theme = 'light' | 'dark' | 'system';
export type Order = 'unread' | 'recent' | 'kind';
type Preferences = { language: Language; theme: Theme; order: Order; listWidth: number; details: boolean };

const key = 'parley:preferences';
const defaults = (): Preferences => ({
  language: preferredLanguage(),
  theme: 'system',
  order: 'unread',
  listWidth: 288,
  details: false,
});

// What is kept was written by an older version or by a curious person: take only what is understood.
function kept(): Partial<Preferences> {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Preferences>;
    return found.language && found.language in languages ? found : { ...found, language: preferredLanguage() };
  } catch {
    return {};
  }
}

/** How this device likes to look. Kept on the device; changing a field is enough. */
export const preferences = reactive<Preferences>({ ...defaults(), ...kept() });

function applyTheme(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Applies theme and language now and at every change. Resolves when the words are there. */
export async function applyPreferences() {
  watch(() => preferences.theme, applyTheme, { immediate: true });
  watch(
    () => preferences.language,
    (language) => void speak(language),
  );
  watch(preferences, () => localStorage.setItem(key, JSON.stringify(preferences)));
  await speak(preferences.language);
}
