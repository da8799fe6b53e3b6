import { reactive, watch } from 'vue';
import { languages, preferredLanguage, speak } from '../words/i18n.ts';
import { type Language } from '../words/i18n.ts';

export type Theme = 'light' | 'dark' | 'system';
export const themes = ['light', 'dark', 'system'] as const;
type Preferences = { language: Language; theme: Theme; columns: Record<string, string[]>; dense: boolean };

const key = 'parley:console';
const defaults = (): Preferences => ({ language: preferredLanguage(), theme: 'system', columns: {}, dense: false });

// What is kept was written by an older version or by a curious person: take only what is understood.
function kept(): Partial<Preferences> {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Preferences>;
    return {
      ...(found.language && found.language in languages ? { language: found.language } : {}),
      ...(found.theme && themes.includes(found.theme) ? { theme: found.theme } : {}),
      ...(found.columns && typeof found.columns === 'object' ? { columns: found.columns } : {}),
      ...(typeof found.dense === 'boolean' ? { dense: found.dense } : {}),
    };
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
  watch(preferences, () => localStorage.setItem(key, JSON.stringify(preferences)), { deep: true });
  await speak(preferences.language);
}
