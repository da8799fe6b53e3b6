/** Caps shared by every door and every client: the smallest number wins, and each is tested at cap + 1. */
export const limits = {
  /** Characters (UTF-16 units) of one message. */
  body: 20_000,
  /** Characters of a conversation's name, a topic's title, a person's name. */
  name: 200,
  purpose: 2_000,
  clientId: 64,
  email: 254,
  password: 1_024,
  reason: 1_000,
  query: 400,
  /** Rows one page may hold, whatever it lists. */
  page: 100,
  /** Changes one catch-up answer may hold. */
  changes: 500,
  /** People one call may name. */
  people: 500,
  /** Conversations whose cursor one `sync:start` may carry. */
  cursors: 5_000,
  /** Bytes of one socket packet and of one REST body. */
  packet: 1_000_000,
  restBody: 65_536,
  graphqlDocument: 65_536,
} as const;
