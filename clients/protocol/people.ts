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

/**
 * How well a name, or a person, answers what was typed; the best first. `beginning`: the name begins with it; `word`: a
 * word within it does; `spelling`: its pinyin, its initials, or its words without spaces do; `middle`: it stands in the
 * middle of a word. Of several words typed it is the fit of the worst.
 */
export const fits = ['whole', 'beginning', 'word', 'spelling', 'address', 'title', 'department', 'middle'] as const;
export type Fit = (typeof fits)[number];

/** A person who was found. */
export type FoundPerson = Person & {
  fit: Fit;
  /** What stands before the @ of their e-mail address, where that is what matched; else null. */
  address: string | null;
  /** Whether they are a member of the conversation named in the search. */
  isMember: boolean;
};

export const PeopleSearch = z.strictObject({
  query: optionalText(limits.query),
  /** Also senders of imported history, who have no account. */
  withImported: z._default(z.boolean(), false),
  /** Members of this conversation, if the actor is one of them, come first. */
  conversationId: z.optional(id),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(50)), 20),
});
export const PeopleGet = z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(limits.people)) });
