import * as z from 'zod/mini';
import { limits } from './limits.ts';
import type { RevisionReaders } from './revisions.ts';
import { id, optionalText } from './words.ts';

export type PersonKind = 'person' | 'bot' | 'imported' | 'guest';
export type PersonStatus = 'active' | 'invited' | 'suspended';

/** A person as colleagues see them. `imported` people spoke in imported history and cannot sign in. */
export type Person = {
  id: string;
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  title: string | null;
  department: string | null;
};

/**
 * The person a device belongs to, what they may do, and what the organisation decided that their interface must know.
 */
export type Me = Person & {
  permissions: string[];
  readRevisions: RevisionReaders;
  /** The kinds of conversation they may create. */
  creates: readonly ('group' | 'channel')[];
};

export const PeopleSearch = z.strictObject({
  query: optionalText(limits.query),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(50)), 20),
});
export const PeopleGet = z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(limits.people)) });
