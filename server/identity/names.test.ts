import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import type { TestClient } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { badNames, goodNames, longNames } from '../testing/names.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Names that cannot be seen, or that turn the writing, at every door that takes a name; and addresses whose letters
 * fold differently.
 */

let world: World;
let olga: Visitor;
let ada: TestClient;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  ada = await world.device('Ada');
});
afterAll(() => world.close());

const unseen = ['\u200b', '\u2800', '\u202eevil', 'a\nb', 'a\u200bb'];

test.each(unseen.map((word) => [JSON.stringify(word), word] as const))(
  '%s is refused wherever a name is set',
  async (_, bad) => {
    const email = `x${newId()}@example.com`;
    const ben = await world.person('Ben');
    const { done } = await olga.act('createDepartment', { name: `Field ${newId()}` });
    const acts: [string, Record<string, unknown>][] = [
      ['invitePerson', { name: bad, email }],
      ['invitePerson', { name: 'Ira', email, title: bad }],
      ['invitePerson', { name: 'Ira', email: `x${bad}@example.com` }],
      ['editPerson', { id: ben.id, name: bad }],
      ['editPerson', { id: ben.id, title: bad }],
      ['createDepartment', { name: bad }],
      ['renameDepartment', { id: done!.resultId!, name: bad }],
      ['changeSetting', { name: 'organisation', value: bad }],
    ];
    for (const [act, words] of acts) expect((await olga.act(act, words)).code, act).toBe('malformed');
    const said = { clientId: newId(), visibility: 'private' as const, memberIds: [] };
    expect(await ada.tries('conversation:create', { ...said, kind: 'channel', name: bad })).toBe('malformed');
    expect(await ada.tries('conversation:create', { ...said, kind: 'group', name: bad })).toBe('malformed');
    const room = await ada.group('Topics', [], { threading: 'topics' });
    const topic = { conversationId: room.conversation.id, clientId: newId(), body: 'x', title: bad };
    expect(await ada.tries('message:send', topic)).toBe('malformed');
    const stranger = visitor(world.origin);
    const credentials = { email: 'ada@example.com', password: 'Ada has a long password' };
    expect((await stranger.ask('POST', '/api/session', { ...credentials, device: bad })).body.error?.code).toBe(
      'malformed',
    );
  },
);

test('names in forty scripts are taken at every door, and come back as they are', async () => {
  const ben = await world.person('Benno');
  for (const [script, [called]] of Object.entries(goodNames)) {
    const name = called!.normalize('NFC');
    expect((await olga.act('editPerson', { id: ben.id, name, title: name })).code, script).toBeUndefined();
    const { done } = await olga.act('createDepartment', { name });
    const room = await ada.group(name, []);
    const rows = await world.db.rows<{ name: string }>(
      `select name from users where id = $1 union all select title from users where id = $1
       union all select name from departments where id = $2 union all select name from conversations where id = $3`,
      [ben.id, done!.resultId, room.conversation.id],
    );
    expect(rows, script).toEqual([{ name }, { name }, { name }, { name }]);
  }
});

test('what is wrong with a name is said in a sentence', async () => {
  const ben = await world.person('Bela');
  for (const [name, sentence] of badNames) {
    const { code, message } = await olga.act('editPerson', { id: ben.id, name });
    expect([code, message], JSON.stringify(name)).toEqual(['malformed', expect.stringContaining(sentence)]);
  }
});

test('names of 10,000 and 20,000 characters are refused for their length', async () => {
  for (const name of [...longNames(10_000), ...longNames(20_000)]) {
    const said = { clientId: newId(), visibility: 'private' as const, memberIds: [], kind: 'group' as const };
    expect(await ada.tries('conversation:create', { ...said, name })).toBe('malformed');
  }
});

test.each([
  ['İpek.Kaya@example.com', 'İpek.Kaya@example.com'],
  ['İrem@example.com', 'İREM@EXAMPLE.COM'],
  ['Straße.Müller@example.com', 'STRAßE.MÜLLER@example.com'],
  ['Jose\u0301@example.com', ' JOSÉ@example.com '],
  ['ΝΙΚΟΣ@example.com', 'νικοσ@example.com'],
  ['ΓΙΑΝΝΗΣ@example.com', 'γιαννης@example.com'],
  ['IVAN@EXAMPLE.com', 'ivan@example.com'],
  ['İzzet@example.com', 'izzet@example.com'],
])('a person invited as %s signs in as %s', async (invited, typed) => {
  const { done } = await olga.act('invitePerson', { name: 'Somebody', email: invited });
  const password = 'a password of some length 42';
  const token = done!.inviteLink!.split('#')[1]!;
  const accepted = await visitor(world.origin).ask('POST', '/api/invitation', { token, password });
  expect(accepted.status).toBe(200);
  for (const email of [(accepted.body as unknown as { email: string }).email, invited, typed])
    expect(
      (await visitor(world.origin).ask('POST', '/api/session', { email, password, device: 'x' })).status,
      email,
    ).toBe(200);
  expect((await olga.act('invitePerson', { name: 'Again', email: typed })).code).toBe('conflict');
});
