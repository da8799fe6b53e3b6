import { createI18n } from 'vue-i18n';

/** The languages both interfaces speak, by their own names. */
export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;

/** What one folder says: sections of sentences by name; a section may hold sections of its own. */
export type Words = { [name: string]: string | Words };
/** The words of every folder, as Vite's glob hands them over: by path. */
type Folders = Record<string, Words>;

/**
 * An interface's speech. Each folder keeps its words beside its pages, in `words.en.ts` and `words.zh-CN.ts`; English comes with the page, Chinese is
 * fetched from our own server when it is chosen. Two folders that name a section alike are a mistake, said at once.
 */
export function createSpeech(english: Folders, chinese: () => Promise<Folders>) {
  const en = together(english);
  const loaders: Record<Language, () => Promise<Words>> = {
    en: async () => en,
    'zh-CN': async () => together(await chinese()),
  };
  const i18n = createI18n<[Words], Language, false>({
    legacy: false,
    locale: 'en',
    fallbackLocale: 'en',
    messages: { en } as Record<Language, Words>,
    missingWarn: false,
  });
  /** Shows the page in `language` from now on, and tells the browser so that fonts, hyphens and screen readers follow. */
  async function speak(language: Language): Promise<void> {
    i18n.global.setLocaleMessage(language, await loaders[language]());
    i18n.global.locale.value = language;
    document.documentElement.lang = language;
  }
  return { i18n, speak };
}

/** All sections of all folders. Throws where two folders claim one name. */
export function together(folders: Folders): Words {
  const all: Words = {};
  for (const [path, sections] of Object.entries(folders))
    for (const [name, words] of Object.entries(sections)) {
      if (name in all) throw new Error(`${path}: the section "${name}" is another folder's already`);
      all[name] = words;
    }
  return all;
}

/** The language a newcomer most likely reads: the first one wished for that is spoken here. */
export function preferredLanguage(wished: readonly string[] = navigator.languages): Language {
  const known = wished.map((tag) => tag.toLowerCase().slice(0, 2)).find((tag) => tag === 'zh' || tag === 'en');
  return known === 'zh' ? 'zh-CN' : 'en';
}
