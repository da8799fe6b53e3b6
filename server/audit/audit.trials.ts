import type { Trials } from '../testing/trials.ts';

/** What each operation of audit asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'GET /api/audit/verifier': { asks: 'nothing' },
  'query auditActions': { asks: 'nothing', words: () => '{ auditActions }' },
  'query auditEntries': { asks: 'nothing', words: () => '{ auditEntries(first: 2) { edges { node { id } } } }' },
  'query auditEntry': { asks: 'nothing', words: () => '{ auditEntry(id: "1") { action } }' },
  'query auditKeys': { asks: 'nothing', words: () => '{ auditKeys { id pem } }' },
  'query auditProof': { asks: 'nothing', words: () => '{ auditProof(id: "999999999") { text } }' },
  'query auditState': { asks: 'nothing', words: () => '{ auditState { sealed } }' },
  'mutation exportAudit': { asks: 'nothing', words: () => ({}) },
};
