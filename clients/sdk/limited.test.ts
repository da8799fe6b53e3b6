import { expect, test } from 'vitest';
import { live, withWorld, world } from './testing/devices.ts';

withWorld({ env: { PARLEY_CALLS_PER_SECOND: '5' } });

test('a call refused as too many is made again after the wait, and answered', async () => {
  const ada = await live('Ada');
  const other = await world.device('Ada');
  let code = 'ok';
  for (let n = 0; n < 50 && code === 'ok'; n++) code = await other.tries('message:search', { query: 'anything' });
  expect(code).toBe('limited');
  expect((await ada.call('session:me', {})).id).toBe(other.userId);
});
