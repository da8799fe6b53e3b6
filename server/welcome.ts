import type { Config } from './config.ts';
import type { Engines } from './kernel/engines.ts';
import type { House } from './kernel/work.ts';
import { openSetUp } from './identity/set-up.ts';

/** Says where the server is and how to sign in. */
export async function welcome(house: House, config: Config, _engines: Engines, address: string, say: (sentence: string) => void): Promise<void> {
  say(`\nParley is ready: ${config.publicUrl ?? address}`);
  const code = await openSetUp(house);
  if (code) say(`It has no owner yet. Open ${config.publicUrl ?? address}/set-up and enter the one-time code ${code}`);
}
