/** The address within the interface that a query names, or its beginning. It comes from the address bar, and anybody can write a link elsewhere. */
export const ownAddress = (named: unknown): string =>
  typeof named === 'string' && /^\/(?![/\\])/.test(named) ? named : '/';
