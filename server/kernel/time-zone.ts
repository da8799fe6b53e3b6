import * as z from 'zod/mini';
import { text } from '@parley/protocol/words.ts';

/**
 * The one spelling engines agree on for a name of the IANA database, whatever its letters' case and age
 * (`asia/shanghai`, `PRC`, `EST5EDT`), or null where it is none. Plain offsets are none: they know no summer time.
 */
export function canonicalTimeZone(name: string): string | null {
  // ICU knows names that are not of the database, and that neither store knows.
  if (!/^[A-Za-z]/.test(name) || /^SystemV\//i.test(name)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** A time zone as it is asked for; it arrives in its canonical spelling. */
export const timeZone = z.pipe(
  text(60).check(
    z.refine(
      (name: string) => canonicalTimeZone(name) !== null,
      'is not a time zone of the IANA database, such as Europe/Berlin',
    ),
  ),
  z.transform((name: string) => canonicalTimeZone(name)!),
);
