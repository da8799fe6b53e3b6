import * as z from 'zod/mini';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { boundsOf, formOf } from './settings.ts';

let world: World;
let olga: Visitor;
const secret = 'a secret that must never leave the server';
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_SECRET: secret, PARLEY_LANE_QUEUE: '4321' } });
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(() => world.close());

type Setting = { name: string; value: unknown; fallback: unknown; changedAt: string | null };
const settings = async () =>
  ((await olga.graphql('{ settings { name value fallback changedAt } }')).data as unknown as { settings: Setting[] })
    .settings;

test('a setting says what it is, what it would be, and since when somebody decided otherwise', async () => {
  const find = async () => (await settings()).find(({ name }) => name === 'organisation');
  expect(await find()).toEqual({ name: 'organisation', value: 'Parley', fallback: 'Parley', changedAt: null });
  expect((await olga.act('changeSetting', { name: 'organisation', value: 'Lantern' })).code).toBeUndefined();
  const changed = await find();
  expect(changed).toMatchObject({ value: 'Lantern', fallback: 'Parley' });
  expect(Math.abs(Date.parse(changed!.changedAt!) - Date.now())).toBeLessThan(3_600_000);
});

type Operators = { name: string; env: string; value: string | null; fallback: string; given: boolean; secret: boolean };
const ask = (who: Visitor) => who.graphql('{ operatorSettings { name env value fallback given secret sentence } }');

test('what the operator decided is shown with where it comes from, and no secret is told', async () => {
  const reply = await ask(olga);
  const { operatorSettings } = reply.data as unknown as { operatorSettings: Operators[] };
  const find = (env: string) => operatorSettings.find((one) => one.env === env);
  expect(find('PARLEY_LANE_QUEUE')).toMatchObject({ value: '4321', fallback: '4000', given: true, secret: false });
  expect(find('PARLEY_SLOW_READER_BYTES')).toMatchObject({ value: '1048576', fallback: '1048576', given: false });
  expect(find('PARLEY_SECRET')).toMatchObject({ value: null, given: true, secret: true });
  expect(operatorSettings.filter((one) => one.secret).map(({ value }) => value)).toSatisfy((values: unknown[]) =>
    values.every((value) => value === null),
  );
  expect(JSON.stringify(reply)).not.toContain(secret);
});

test('both are for those who manage settings: a member is refused', async () => {
  const member = visitor(world.origin);
  await member.signIn(await world.person('Nora'));
  expect((await ask(member)).code).toBe('forbidden');
  expect((await member.graphql('{ settings { name } }')).code).toBe('forbidden');
});

test('the settings query tells the kind and the bounds of each setting', async () => {
  const { data } = await olga.graphql('{ settings { name kind minimum maximum choices } }');
  const listed = (data as unknown as { settings: { name: string }[] }).settings;
  expect(listed.find(({ name }) => name === 'organisation')).toEqual({
    name: 'organisation',
    kind: 'text',
    minimum: 1,
    maximum: 200,
    choices: null,
  });
  expect(listed.find(({ name }) => name === 'evaluation')).toMatchObject({
    kind: 'flag',
    minimum: null,
    choices: null,
  });
});

test.each([
  [z.boolean(), { kind: 'flag', minimum: null, maximum: null, choices: null }, 'must be true or false'],
  [
    z.int().check(z.minimum(8), z.maximum(64)),
    { kind: 'number', minimum: 8, maximum: 64, choices: null },
    'must be a whole number from 8 to 64',
  ],
  [
    z.enum(['members', 'administrators']),
    { kind: 'choice', minimum: null, maximum: null, choices: ['members', 'administrators'] },
    'must be one of: members, administrators',
  ],
] as const)('the form of a setting follows its type: case %#', (type, form, bounds) => {
  expect(formOf(type)).toEqual(form);
  expect(boundsOf(formOf(type))).toBe(bounds);
});

test('an invalid value is refused with what the setting takes, and nothing changes', async () => {
  const value = async () => (await settings()).find(({ name }) => name === 'evaluation')!.value;
  const before = await value();
  for (const value of ['yes', 1, { on: true }])
    expect(await olga.act('changeSetting', { name: 'evaluation', value })).toMatchObject({
      code: 'malformed',
      message: 'value: must be true or false',
    });
  expect(await olga.act('changeSetting', { name: 'organisation', value: '' })).toMatchObject({
    code: 'malformed',
    message: 'value: must be text of 1 to 200 characters that is not only white space',
  });
  expect(await value()).toBe(before);
});
