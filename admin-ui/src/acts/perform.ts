import { ask } from '@parley/look/ask.ts';
import { type Act, type Applied, type Outcome } from './act.ts';
import ActDialog from './ActDialog.vue';

/** Asks about an act. Resolves when the dialog is closed: with what was done, or undefined when nothing was. */
export async function perform(act: Act): Promise<Applied | undefined> {
  const outcome = await ask<Outcome>(ActDialog, { act });
  return outcome?.undo ? perform(outcome.undo) : outcome?.applied;
}
