import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdClock } from '../kernel/clock.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { invitationLife } from './invitations.ts';

let world: World;
let olga: Visitor;
let adam: Visitor;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_PUBLIC_URL: 'https://chat.example.com' } });
  olga = visitor(world.origin);
  adam = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await adam.signIn(await world.person('Adam', { roles: ['administrator'] }));
});
afterAll(() => world.close());

const password = 'a password nobody guesses';
let invited = 0;
async function invite(who: Visitor, more: Record<string, unknown> = {}) {
  const email = `invited${++invited}@example.com`;
  const { code, done, message } = await who.act('invitePerson', { name: `Invited ${invited}`, email, ...more });
  return {
    code,
    message,
    email,
    id: done?.resultId ?? '',
    link: done?.inviteLink ?? '',
    token: done?.inviteLink?.split('#')[1] ?? '',
  };
}
const accept = (token: string, said = password, who = visitor(world.origin)) =>
  who.ask('POST', '/api/invitation', { token, password: said });
const status = async (id: string) =>
  (
    await world.db.rows<{ status: string; invitedAt: Date | null }>(
      'select status, invited_at as "invitedAt" from users where id = $1',
      [id],
    )
  )[0]!;

test('an invited person comes in by their link, once, with the roles they were given', async () => {
  const { id, link, token, email } = await invite(adam, { title: 'Baker', roles: ['member', 'analyst'] });
  expect(link).toBe(`https://chat.example.com/invite#${token}`);
  expect(await status(id)).toMatchObject({ status: 'invited', invitedAt: expect.any(Date) });
  expect((await visitor(world.origin).ask('POST', '/api/session', { email, password })).body.error?.code).toBe(
    'wrong_credentials',
  );

  const reply = await accept(token);
  expect([reply.status, reply.body]).toEqual([200, { userId: id, name: `Invited ${invited}`, email }]);
  expect(await status(id)).toEqual({ status: 'active', invitedAt: null });
  const self = visitor(world.origin);
  await self.signIn({ email, password });
  expect((await self.graphql('{ me { name title roles } }')).data).toEqual({
    me: { name: `Invited ${invited}`, title: 'Baker', roles: ['analyst', 'member'] },
  });

  const again = await accept(token, 'another password of theirs');
  expect([again.status, again.body.error?.code]).toEqual([401, 'wrong_credentials']);
  const lines = await world.db.rows<{ action: string; actor: string }>(
    `select action, actor_name as actor from audit_entries where target_id = $1 order by id`,
    [id],
  );
  expect(lines.map(({ action, actor }) => `${actor}: ${action}`)).toEqual([
    'Adam: user.created',
    'Adam: role.granted',
    'Adam: role.granted',
    'Adam: user.invited',
    'stranger: session.started',
    `Invited ${invited}: user.activated`,
    `Invited ${invited}: password.changed`,
    `Invited ${invited}: session.started`,
  ]);
});

test('of many who use one link at the same moment, one comes in', async () => {
  for (let round = 0; round < 5; round++) {
    const { id, token, email } = await invite(olga);
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, n) => accept(token, `the password of number ${n}`)),
    );
    const [won, ...more] = replies.flatMap((reply, n) => (reply.status === 200 ? [n] : []));
    expect([more, replies.filter(({ body }) => body.error?.code === 'wrong_credentials')]).toEqual([
      [],
      expect.objectContaining({ length: 11 }),
    ]);
    await visitor(world.origin).signIn({ email, password: `the password of number ${won}` });
    expect(
      await world.db.rows(`select from audit_entries where action = 'user.activated' and target_id = $1`, [id]),
    ).toHaveLength(1);
  }
});

test('a link is good for a week; a newer one replaces it; one made by hand opens nothing', async () => {
  const old = await invite(olga);
  const release = holdClock(() => Date.now() + invitationLife + 1_000);
  const late = await accept(old.token).finally(release);
  expect(late.body.error?.code).toBe('wrong_credentials');

  const anew = await olga.act('inviteAgain', { id: old.id });
  expect((await accept(old.token)).body.error?.code).toBe('wrong_credentials');
  for (const token of ['x', `${old.token}x`, old.token.slice(1), '0'.repeat(43)])
    expect((await accept(token)).body.error?.code, token).toBe('wrong_credentials');
  expect((await accept(anew.done!.inviteLink!.split('#')[1]!)).status).toBe(200);
  expect((await olga.act('inviteAgain', { id: old.id })).code).toBe('conflict');
});

test('the link’s secret is in no row, no plan, no log and no second answer', async () => {
  const email = 'secret@example.com';
  const planned = await olga.graphql(
    'mutation { invitePerson(name: "S", email: "secret@example.com") { ... on PlannedAct { token changes { table before after } entries { before after } } } }',
  );
  const plan = (
    planned.data as unknown as {
      invitePerson: { token: string; changes: { table: string; after: Record<string, unknown> }[] };
    }
  ).invitePerson;
  expect(plan.changes.find(({ table }) => table === 'invitations')?.after).toEqual({
    userId: expect.any(String),
    madeBy: expect.any(String),
    madeAt: expect.any(String),
    expiresAt: expect.any(String),
  });
  const { inviteLink } = await olga.askAct('invitePerson', { name: 'S', email }, { previewToken: plan.token });
  const token = inviteLink!.split('#')[1]!;
  const rows = await world.db.rows<{ all: string }>(
    `select json_agg(a)::text || (select json_agg(o)::text from outbox o) || (select json_agg(i)::text from invitations i) as all from audit_entries a`,
  );
  for (const text of [rows[0]!.all, JSON.stringify(planned), world.logged.join('')])
    expect(text.includes(token) || text.includes(Buffer.from(token).toString('hex'))).toBe(false);
  expect((await accept(token, 'short')).body.error).toMatchObject({
    code: 'password_short',
    message: expect.stringContaining('at least 15 characters'),
  });
  expect((await accept(token, 'x'.repeat(1_025))).body.error?.code).toBe('malformed');
  expect((await accept('x'.repeat(101))).body.error?.code).toBe('malformed');
  expect((await accept(token)).status).toBe(200);
});

test('nobody invites beyond their own rights, or takes up the invitation of somebody stronger', async () => {
  expect((await invite(adam, { roles: ['owner'] })).code).toBe('forbidden');
  expect((await invite(adam, { roles: ['auditor', 'member'] })).code).toBe('forbidden');
  const strong = await invite(olga, { roles: ['owner'] });
  // Whoever holds the link becomes that person: an administrator must not be able to ask for it.
  expect((await adam.act('inviteAgain', { id: strong.id })).code).toBe('forbidden');
  expect((await olga.act('inviteAgain', { id: strong.id })).code).toBeUndefined();
  for (const name of ['Mia', 'Gus']) {
    const who = visitor(world.origin);
    await who.signIn(await world.person(name, name === 'Gus' ? { roles: ['guest'], kind: 'guest' } : {}));
    expect((await invite(who)).code).toBe('forbidden');
    expect(
      await world.db.rows(
        `select from audit_entries where action = 'mutation invitePerson' and outcome = 'refused' and actor_name = $1`,
        [name],
      ),
    ).toHaveLength(1);
  }
});

test('one address is invited once, whatever its letters; a department must be there', async () => {
  const { email } = await invite(olga);
  const twice = await olga.act('invitePerson', { name: 'Twice', email: email.toUpperCase() });
  expect([twice.code, twice.message]).toEqual(['conflict', 'Somebody with this e-mail address is already here.']);
  expect((await invite(olga, { departmentId: '00000000-0000-7000-8000-000000000000' })).code).toBe('not_found');
  for (const said of ['nobody', 'a b@example.com', '@', 'a@', `${'x'.repeat(250)}@example.com`, 'a@b\u0000c'])
    expect((await olga.act('invitePerson', { name: 'X', email: said })).code, said).toBe('malformed');
});

test('somebody suspended before they came cannot come, and waits again when reactivated', async () => {
  const { id, token } = await invite(olga);
  await olga.act('suspendPeople', { ids: [id] });
  expect((await accept(token)).body.error?.code).toBe('suspended');
  await olga.act('reactivatePeople', { ids: [id] });
  expect((await status(id)).status).toBe('invited');
  expect((await accept(token)).status).toBe(200);
});

test('guessing invitations is limited like guessing passwords', async () => {
  const strict = await openWorld({ env: { PARLEY_SIGN_INS_PER_MINUTE: '5' } });
  try {
    const who = visitor(strict.origin);
    const codes = [];
    for (let n = 0; n < 7; n++)
      codes.push((await who.ask('POST', '/api/invitation', { token: `guess ${n}`, password })).body.error?.code);
    expect(codes).toEqual([...Array<string>(5).fill('wrong_credentials'), 'limited', 'limited']);
  } finally {
    await strict.close();
  }
});

test('strangers who used up an address do not keep an invited person there out', async () => {
  const strict = await openWorld({ env: { PARLEY_SIGN_INS_PER_MINUTE: '5' } });
  try {
    const owner = visitor(strict.origin);
    await owner.signIn(await strict.person('Olga', { roles: ['owner', 'member'] }));
    const { done } = await owner.act('invitePerson', { name: 'Invited', email: 'invited@example.com' });
    const who = visitor(strict.origin);
    let code = '';
    for (let n = 0; n < 7; n++)
      code = (await who.ask('POST', '/api/invitation', { token: `guess ${n}`, password })).body.error!.code;
    expect(code).toBe('limited');
    const token = done!.inviteLink!.split('#')[1];
    expect((await who.ask('POST', '/api/invitation', { token, password })).status).toBe(200);
  } finally {
    await strict.close();
  }
});
