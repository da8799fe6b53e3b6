/**
 * Whether proofs are run in their long form, which tries more and takes up to a quarter of an hour
 * each: by `PARLEY_MATRIX=whole`, for the tests that are named. Otherwise a part is tried, so that every change can
 * afford it.
 */
export const isLongForm = process.env['PARLEY_MATRIX'] === 'whole';
