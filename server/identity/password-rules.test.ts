import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passwordFault, passwordLength } from '@parley/protocol/passwords.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { openSetUp } from './set-up.ts';
import { isLeaked } from './leaked-passwords.ts';

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await olga.act('changeSetting', { name: 'organisation', value: 'Harborline' });
});
afterAll(() => world.close());

let invited = 0;
/**
 * The code with which a password is refused for Ada Lindqvist, at the invitation's door; undefined when it is taken.
 */
async function refusalOf(password: string): Promise<{ code: string | undefined; message: string | undefined }> {
  invited++;
  const { done } = await olga.act('invitePerson', {
    name: 'Ada Lindqvist',
    email: `ada.lindqvist.${invited}@northwind-trading.example`,
  });
  const { body } = await visitor(world.origin).ask('POST', '/api/invitation', {
    token: done!.inviteLink!.split('#')[1],
    password,
  });
  return { code: body.error?.code, message: body.error?.message };
}

test.each([
  ['too short', 'fourteen signs', 'password_short'],
  ['too short counted by people', '👩‍👧🎈🎈🎈', 'password_short'],
  ['too long', 'tea '.repeat(64) + 'x', 'password_long'],
  ['one character repeated', 'ffffffffffffffffffffff', 'password_weak'],
  ['a group repeated', 'kettle kettle kettle kettle', 'password_weak'],
  ['a sequence', 'abcdefghijklmnopq', 'password_weak'],
  ['digits in a row', '98765432109876543', 'password_weak'],
  ['a row of the keyboard', 'qwertyuiop[]asdfg', 'password_weak'],
  ['a common password twice', 'Dragon1Dragon1Dragon1', 'password_weak'],
  ['a common password with a year', 'Password2026!!!!', 'password_weak'],
  ['a leaked one', 'poweroverwhelming', 'password_leaked'],
  ['a leaked one in other letters', 'PowerOverwhelming', 'password_leaked'],
  ['the name', 'my ada-lindqvist account', 'password_context'],
  ['the name with digits', 'Lindqvist-Ada-123', 'password_context'],
  ['the name with accents', 'Ådä Líndqvist 1234', 'password_context'],
  ['the e-mail’s local part', 'xx ada.lindqvist yy zz', 'password_context'],
  ['the organisation', 'Harborline-is-great', 'password_context'],
  ['the product', 'i-love-Parley-so-much', 'password_context'],
  ['the domain', 'northwind-trading-1', 'password_context'],
])('%s → refused with a code and a sentence', async (_what, password, code) => {
  const refusal = await refusalOf(password);
  expect(refusal.code).toBe(code);
  expect(refusal.message).toMatch(/^The password (is|stands) .{20,}\.$/);
});

test.each([
  'correct horse battery',
  'seven grey geese',
  'kein Bier vor vier Uhr',
  '我们今天去吃火锅好不好呀朋友们',
  'xK9#mQ2$vL5nR8w',
  'canada has nine lakes',
  'ключ от старого сада',
])('a passphrase that keeps every rule is accepted: %s', async (password) => {
  expect(await refusalOf(password)).toEqual({ code: undefined, message: undefined });
});

test('64 characters and more are accepted, up to 256', async () => {
  const long = Array.from({ length: 60 }, (_, n) => `w${(n * 7919) % 997}`).join(' ');
  expect(passwordFault(long.slice(0, 64), 15, {})).toBe(null);
  expect((await refusalOf(long.slice(0, 64))).code).toBeUndefined();
  expect((await refusalOf(long.slice(0, 256))).code).toBeUndefined();
  expect((await refusalOf(long.slice(0, 257))).code).toBe('password_long');
});

test('the floor is a setting from 8 to 64; passwords chosen before keep working', async () => {
  const change = (value: unknown) => olga.act('changeSetting', { name: 'passwordFloor', value });
  for (const wrong of [7, 65, 15.5, '15'])
    expect(await change(wrong)).toMatchObject({
      code: 'malformed',
      message: 'value: must be a whole number from 8 to 64',
    });
  try {
    expect((await change(8)).code).toBeUndefined();
    const status = await visitor(world.origin).ask('GET', '/api/status');
    expect(status.body).toMatchObject({ passwordFloor: 8 });
    expect((await refusalOf('r7#kQz!w')).code).toBeUndefined();
    expect((await refusalOf('r7#kQz!')).code).toBe('password_short');
    expect((await refusalOf('password')).code).toBe('password_leaked');
    await change(64);
    expect((await refusalOf('correct horse battery')).code).toBe('password_short');
    const mia = await world.person('Mia');
    expect(mia.password.length).toBeLessThan(64);
    await visitor(world.origin).signIn(mia);
  } finally {
    await change(15);
  }
});

test('the first owner’s password is judged with what they call themselves', async () => {
  const empty = await openWorld();
  try {
    const owner = { organisation: 'Lantern Works', name: 'Ida Berg', email: 'ida@example.com' };
    const code = await openSetUp(empty.app.house);
    const setUp = async (password: string) =>
      (await visitor(empty.origin).ask('POST', '/api/set-up', { ...owner, code, password })).body.error?.code;
    expect(await setUp('eleven char')).toBe('password_short');
    expect(await setUp('lanternworks-2026')).toBe('password_context');
    expect(await setUp('password12345678')).toMatch(/^password_(leaked|weak)$/);
    expect(await empty.db.rows('select from users')).toEqual([]);
    expect(await setUp('correct horse battery')).toBeUndefined();
  } finally {
    await empty.close();
  }
});

test('composed and decomposed passwords are the same; hashes of raw text still verify', async () => {
  const { done } = await olga.act('invitePerson', { name: 'Zoé', email: 'zoe@example.com' });
  const composed = 'un café très très noir';
  const token = done!.inviteLink!.split('#')[1];
  const accepted = await visitor(world.origin).ask('POST', '/api/invitation', {
    token,
    password: composed.normalize('NFD'),
  });
  expect(accepted.status).toBe(200);
  for (const form of ['NFC', 'NFD'])
    await visitor(world.origin).signIn({ email: 'zoe@example.com', password: composed.normalize(form) });

  // As it was stored before passwords were normalised.
  const old = await world.person('Old');
  const decomposed = 'Zoe\u0301’s old password';
  await world.db.rows('update passwords set hash = $2 where user_id = $1', [
    old.id,
    await hash(decomposed, { memoryCost: 1024, timeCost: 1 }),
  ]);
  await visitor(world.origin).signIn({ email: old.email, password: decomposed });
});

test('characters are counted as code points after normalisation', () => {
  expect(passwordLength('cafe\u0301')).toBe(4);
  expect(passwordLength('🎈🎈')).toBe(2);
  expect(passwordLength('我们')).toBe(2);
});

test('the list holds its first, its last and long entries, and not their neighbours', async () => {
  for (const leaked of ['password', '12345678', 'passwordpassword', 'zjohbyzwovqaalrk6f2islgv', 'qwertyuiop'])
    expect(await isLeaked(leaked), leaked).toBe(true);
  for (const fresh of ['correct horse battery', 'zjohbyzwovqaalrk6f2islgw', 'r7#kQz!w', ''])
    expect(await isLeaked(fresh), fresh).toBe(false);
});
