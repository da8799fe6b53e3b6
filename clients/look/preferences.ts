import { reactive, watch } from 'vue';
import { languages, preferredLanguage, type Language } from './languages.ts';

export const themes = ['light', 'dark', 'system'] as const;
export type Theme = (typeof themes)[number];
export type Look = { language: Language; theme: Theme };

/**
 * How this device likes an interface to look, kept on the device under `key`: changing a field is enough. `more` is what the interface keeps beside
 * language and theme, as it is at first; `choices` lists the values of a field that knows only some. What is kept was written by an older version or by
 * a curious person: only what is understood is taken.
 */
export function createPreferences<More extends Record<string, unknown>>(
  key: string,
  more: More,
  choices: { [Name in keyof More]?: readonly More[Name][] },
) {
  const first: Look & More = { language: preferredLanguage(), theme: 'system', ...more };
  const known: Record<string, readonly unknown[] | undefined> = {
    ...choices,
    language: Object.keys(languages),
    theme: themes,
  };
  const understood = Object.entries(kept(key)).filter(
    ([name, value]) => name in first && alike(first[name], value) && (known[name]?.includes(value) ?? true),
  );
  const preferences = reactive({ ...first, ...Object.fromEntries(understood) }) as Look & More;

  /** Applies theme and language now and at every change. Resolves when the words are there. */
  async function applyPreferences(speak: (language: Language) => Promise<void>): Promise<void> {
    watch(() => preferences.theme, applyTheme, { immediate: true });
    watch(
      () => preferences.language,
      (language) => void speak(language).catch(() => undefined),
    );
    watch(preferences, () => keep(key, preferences), { deep: true });
    // Where the words cannot be fetched the page speaks English; why is said elsewhere.
    await speak(preferences.language).catch(() => undefined);
  }
  return { preferences, applyPreferences };
}

function kept(key: string): object {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return found && typeof found === 'object' ? found : {};
  } catch {
    return {};
  }
}

/** A full or forbidden store: the choice holds as long as the page. */
function keep(key: string, preferences: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(preferences));
  } catch {
    // As said above.
  }
}

/** The same kind of thing: a number where a number was, a list where a list was. */
const alike = (one: unknown, other: unknown) =>
  typeof one === typeof other && Array.isArray(one) === Array.isArray(other) && other !== null;

function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
