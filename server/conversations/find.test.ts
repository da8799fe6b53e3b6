import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import type { TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  ada = await world.device('Ada');
});
afterAll(() => world.close());

const make = async (who: TestClient, name: string) =>
  (
    await who.call('conversation:create', {
      clientId: newId(),
      kind: 'channel',
      visibility: 'public',
      name,
      memberIds: [],
    })
  ).conversation.id;
const found = async (query: string, who = ada) => (await who.call('conversation:find', { query })).conversationIds;

test('own Chinese-named conversations are found by pinyin, the best match first', async () => {
  const design = await make(ada, '产品设计');
  const designers = await make(ada, '设计师之家');
  await make(ada, 'shejishi');
  for (const query of ['chanpinsheji', 'cpsj', 'cpshj', 'chanpsj', 'CHANPIN sheji', 'pinshe'])
    expect(await found(query), query).toEqual([design]);
  expect(await found('sheji')).toEqual([designers, design]);
  expect(await found('shejishi')).toEqual([designers]);
  for (const query of ['', '   ', 'xyz', '%', "' or true --", 'cpsj '.repeat(80).trim()])
    expect(await found(query), query).toEqual(query.startsWith('cpsj') ? [design] : []);
});

test('nothing is found of conversations one is not in, has left, or that are archived', async () => {
  const ben = await world.device('Ben');
  const theirs = await make(ben, '财务部门');
  expect(await found('caiwu')).toEqual([]);
  await ada.call('conversation:join', { conversationId: theirs });
  expect(await found('caiwu')).toEqual([theirs]);
  await ada.call('conversation:leave', { conversationId: theirs });
  expect(await found('caiwu')).toEqual([]);
  const old = await make(ada, '旧物仓库');
  expect(await found('jwck')).toEqual([old]);
  await ada.call('conversation:archive', { conversationId: old });
  expect(await found('jwck')).toEqual([]);
});

test('400 characters of anything are answered, one more is refused', async () => {
  for (const sign of ['a', '陈', '%', 'a ']) expect(await found(sign.repeat(400).slice(0, 400)), sign).toEqual([]);
  expect(await ada.tries('conversation:find', { query: 'x'.repeat(401) })).toBe('malformed');
});
