import type { Config } from './config.ts';
import { describeAccounts } from './demo/accounts.ts';
import { seedDemo } from './demo/demo.ts';
import { openSetUp } from './identity/set-up.ts';
import type { Engines } from './engines/engines.ts';
import { system } from './kernel/actor.ts';
import { inWork, type House } from './kernel/work.ts';
import * as settings from './settings/settings.ts';

/**
 * Fills the first evaluation with the demo company: only when nothing is configured (both engines are ours), nothing is production, and nobody
 * is there yet. Answers the sentence that says whom to sign in as.
 */
export async function firstEvaluation(house: House, config: Config, engines: Engines): Promise<string | null> {
  if (config.production || !engines.embedded.postgres || !engines.embedded.clickhouse) return null;
  const accounts = await seedDemo(house.db);
  if (!accounts) return null;
  await inWork(house, system('first start'), async (work) => {
    await settings.change(work, 'organisation', 'Harborline');
    await settings.change(work, 'evaluation', true);
  });
  return describeAccounts(accounts);
}

/** Says where the server is and how to get in. */
export async function welcome(
  house: House,
  config: Config,
  address: string,
  accounts: string | null,
  say: (sentence: string) => void,
): Promise<void> {
  const at = config.publicUrl ?? address;
  if (accounts) say(`\n${accounts}`);
  const code = await openSetUp(house);
  say(`\nParley is ready: ${at}/`);
  if (code) say(`It has no owner yet. Open ${at}/set-up and enter the one-time code ${code}`);
}
