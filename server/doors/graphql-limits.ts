import { limits } from '@parley/protocol/limits.ts';

/** What one document may ask for; each is tested one above. Rows of a page are capped by the page itself. */
export const graphqlLimits = {
  documentBytes: limits.graphqlDocument,
  tokens: 1_000,
  depth: 10,
  aliases: 15,
  directives: 10,
  /** Fields over all rows that may come back: a full page of people with everything about them costs about 2,000. */
  cost: 10_000,
  breadth: 200,
} as const;
