import type { Language } from './languages.ts';

/** The reader's own region of the language, where the browser names one: 14:05 in London, 2:05 PM in Boston. */
export const regionOf = (language: Language): string =>
  navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === language.slice(0, 2)) ?? language;

/** Dates and times as the reader writes them; `language` is asked each time, since it may change. */
export function createFormat(language: () => Language): (options: Intl.DateTimeFormatOptions) => Intl.DateTimeFormat {
  const made = new Map<string, Intl.DateTimeFormat>();
  // Building an Intl formatter costs about a millisecond, and a page of messages asks hundreds of times.
  return (options) => {
    const region = regionOf(language());
    const key = region + JSON.stringify(options);
    let format = made.get(key);
    if (!format) made.set(key, (format = new Intl.DateTimeFormat(region, options)));
    return format;
  };
}
