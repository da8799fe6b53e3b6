import { createHmac, timingSafeEqual } from 'node:crypto';
import { malformed } from './errors.ts';
import { partKey } from './parts.ts';
import type { Work } from './work.ts';

/*
 * A cursor is a place in one list in one order. It is signed for that list and order: one made by hand, altered, or of another list is refused
 * as what it is, instead of answering a page nobody asked for.
 */

/** The key cursors are signed with, derived from the installation's secret. */
export const cursorKey = partKey<Buffer>('cursor.key');

/** The cursor of a place in a list; `list` names the list and its order. */
export function cursorAt(work: Pick<Work, 'use'>, list: string, place: readonly (string | number)[]): string {
  const text = Buffer.from(JSON.stringify(place)).toString('base64url');
  return `${text}.${seal(work, list, text).toString('base64url')}`;
}

/** The place a cursor of this list stands for. Refuses (`malformed`) what `cursorAt` did not make for the same list. */
export function placeOf<Place extends readonly (string | number)[]>(
  work: Pick<Work, 'use'>,
  list: string,
  cursor: string,
): Place {
  const [text = '', given = '', ...more] = cursor.split('.');
  const expected = seal(work, list, text);
  const signature = Buffer.from(given, 'base64url');
  if (more.length > 0 || signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw malformed('after: must be a cursor this list gave, in this order.');
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Place;
}

const seal = (work: Pick<Work, 'use'>, list: string, text: string) =>
  createHmac('sha256', work.use(cursorKey)).update(`${list}\0${text}`).digest().subarray(0, 12);
