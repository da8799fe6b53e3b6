import type { EntryLineFragment } from '../graphql/graphql.ts';
import { wordOf } from '../words/wordOf.ts';

/** Who did it: a person by name, the house itself and strangers in the reader's language. */
export const actorName = ({ id, name }: EntryLineFragment['actor']): string =>
  id ? name : wordOf('audit.actors', name);
