import * as z from 'zod/mini';
import { limits } from './limits.ts';

// Under a strict Content-Security-Policy there is no eval: zod must not compile its parsers.
z.config({ ...z.locales.en(), jitless: true });

/** Text PostgreSQL can hold: well-formed UTF-16 without NUL. A lone surrogate would be stored as a replacement sign and come back changed. */
const storable = z.refine<string>(
  (text) => text.isWellFormed() && !text.includes('\0'),
  'must be well-formed text without NUL characters',
);

/** A text of 1 to `cap` characters that is not only white space. */
export const text = (cap: number) =>
  z.string().check(z.minLength(1), z.maxLength(cap), z.regex(/\S/u, 'must not be empty'), storable);

/** A text of 0 to `cap` characters. */
export const optionalText = (cap: number) => z.string().check(z.maxLength(cap), storable);

export const id = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be an id'));

/** The name the client gives its act: the same name is answered with the first act's result. */
export const clientId = z
  .string()
  .check(z.minLength(1), z.maxLength(limits.clientId), z.regex(/^[\w.:-]+$/, 'may hold letters, digits and _ . : -'));

/** A counter: line, seq, rev, head. */
export const position = z.int().check(z.minimum(0), z.maximum(Number.MAX_SAFE_INTEGER));

/** Milliseconds since 1970, UTC. */
export const time = z.int().check(z.minimum(-8_640_000_000_000_000), z.maximum(8_640_000_000_000_000));

export const pageSize = z.int().check(z.minimum(1), z.maximum(limits.page));
