import { createI18n } from 'vue-i18n';
import { en } from './en.ts';
import { type Words } from './en.ts';

export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;

/** English comes with the page; another language is fetched from our own server when it is chosen. */
export const i18n = createI18n<[Words], Language, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<Language, Words>,
  missingWarn: false,
});

const loaders: Record<Language, () => Promise<Words>> = {
  en: async () => en,
  'zh-CN': async () => (await import('./zh-CN.ts')).zhCN,
};

/** Shows the console in `language` from now on, and tells the browser so that fonts, line breaks and screen readers follow. */
export async function speak(language: Language) {
  i18n.global.setLocaleMessage(language, await loaders[language]());
  i18n.global.locale.value = language;
  document.documentElement.lang = language;
}

/** The language a newcomer most likely reads. */
export function preferredLanguage(wished: readonly string[] = navigator.languages): Language {
  const known = wished.map((tag) => tag.toLowerCase().slice(0, 2)).find((tag) => tag === 'zh' || tag === 'en');
  return known === 'zh' ? 'zh-CN' : 'en';
}
