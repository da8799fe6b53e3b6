import { i18n } from './i18n.ts';

/**
 * A word of a group by a name the server uses, which may hold dots: `wordOf('permissions', 'users.read')`. Names the console has no word for
 * yet are shown as they are.
 */
export function wordOf(group: string, name: string): string {
  const words = i18n.global.tm(group as never) as Record<string, unknown>;
  const word = words[name];
  return word === undefined ? name : i18n.global.rt(word as string);
}
