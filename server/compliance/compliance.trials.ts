import type { Trials } from '../testing/trials.ts';

/** What each operation of reading other people’s conversations asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query conversationMessages': {
    asks: 'reason',
    words: ({ conversationId }) =>
      `{ conversationMessages(conversationId: "${conversationId}", reason: "a complaint", first: 3) { edges { node { body sender { name } } } } }`,
  },
  'query conversations': {
    asks: 'nothing',
    words: () => '{ conversations(first: 2) { edges { node { name members { name } } } totalCount } }',
  },
};
