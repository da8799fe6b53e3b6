import { describe, expect, test } from 'vitest';
import { until } from '../../server/testing/client.ts';
import { memoryStorage } from './storage.ts';
import {
  bodies,
  deviceOf,
  group,
  isLive,
  live,
  lossyLine,
  messages,
  truth,
  world,
  withWorld,
} from './testing/devices.ts';

withWorld();

describe('a line that loses', () => {
  test('events: the device notices, asks, and ends up with what the server has', async () => {
    const line = await lossyLine();
    const [ada, ben] = [await live('Ada'), await live('Ben', { origin: line.origin })];
    const general = await group(ada, 'Ben');
    await until(() => ben.store.conversations.has(general), 'Ben to be told');
    const there = ben.timeline(general);
    await there.open();
    const client = await world.device('Ada');
    const root = await client.says('root', { in: general });
    const thread = ben.timeline(general, root.id);
    await thread.open();
    let events = 0;
    line.passes = (packet) => !packet.startsWith('42') || ++events % 3 !== 0;
    for (let count = 0; count < 120; count++) {
      const sent = await client.says(`said ${count} <@${ben.store.me!.id}>`, {
        in: general,
        ...(count % 4 === 0 ? { threadId: root.id } : {}),
      });
      if (count % 5 === 0)
        await client.call('message:edit', { conversationId: general, messageId: sent.id, body: `edited ${count}` });
      if (count % 11 === 0) await client.call('message:recall', { conversationId: general, messageId: sent.id });
    }
    line.passes = () => true;
    await client.says('the last one arrives', { in: general });
    const expected = await truth(client, general);
    await until(() => JSON.stringify(messages(there)) === JSON.stringify(expected), 'the copy to be true');
    expect(line.lost.length).toBeGreaterThan(20);
    await until(() => messages(thread).length === 31, 'the thread to be true');
    // The counters, too, are what a recount says.
    await until(async () => {
      const summary = await ben.call('conversation:open', { conversationId: general });
      return (
        ben.store.unread(general) === summary.mine!.unread && ben.store.mentions(general) === summary.mine!.mentions
      );
    }, 'the counters to be true');
  });

  test('of one’s own stream: marks and memberships are asked for', async () => {
    const line = await lossyLine();
    const [ada, ben] = [await live('Ada'), await live('Ben', { origin: line.origin })];
    line.passes = (packet) => !packet.startsWith('42["mine"');
    const [lost, other] = [await group(ada, 'Ben'), await group(ada, 'Ben')];
    line.passes = () => true;
    expect(ben.store.conversations.has(lost)).toBe(false);
    const third = await group(ada, 'Ben');
    await until(() => [lost, other, third].every((id) => ben.store.conversations.has(id)), 'all three');
  });

  test('an acknowledgement: the message is sent again and stored once', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    const general = await group(ada, 'Ben');
    const timeline = ada.timeline(general);
    await timeline.open();
    let cut = false;
    // The answer disappears and the line with it; the event of the message, too.
    line.passes = (packet) => {
      if (cut || (!packet.startsWith('43') && !packet.includes('said once'))) return true;
      if (packet.startsWith('43') && packet.includes('"seq"')) {
        cut = true;
        setImmediate(() => line.cut());
      }
      return false;
    };
    await ada.send({ conversationId: general, body: 'said once' });
    await until(() => cut, 'the loss');
    await until(() => ada.pending().length === 0, 'the second acknowledgement');
    await until(() => bodies(timeline).length === 1, 'one row');
    expect(bodies(timeline)).toEqual(['said once']);
    const [{ stored } = { stored: 0 }] = await world.db.rows<{ stored: number }>(
      'select count(*)::int as stored from messages where conversation_id = $1',
      [general],
    );
    expect(stored).toBe(1);
  });

  test('everything, again and again: the device comes back by itself and says when', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    const states: string[] = [];
    ada.subscribe((changed) => {
      if (changed.topic === 'state')
        states.push(
          ada.state === 'waiting'
            ? `waiting ${ada.nextAttempt !== null && ada.nextAttempt >= Date.now() - 1_000}`
            : ada.state,
        );
    });
    for (let cuts = 0; cuts < 3; cuts++) {
      const before = states.length;
      line.cut();
      await until(() => states.length > before && ada.state === 'live', 'coming back');
    }
    expect(states.filter((state) => state === 'live')).toHaveLength(3);
    expect(states).not.toContain('waiting false');
    expect(ada.problem).toBeNull();
  });
});

describe('a goodbye', () => {
  test.each(['resync', 'restarting'])('of a server that says %s brings the device back by itself', async (code) => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    // Heard, not polled: a device may be back within milliseconds.
    let left = false;
    ada.subscribe(({ topic }) => (left ||= topic === 'state' && ada.state === 'waiting'));
    line.say(`42["bye",{"code":"${code}","message":"Connect again."}]`);
    await until(() => left, 'the line to be left');
    expect(ada.problem).toBeNull();
    await isLive(ada);
    expect(await ada.call('session:me', {})).toMatchObject({ name: 'Ada' });
  });

  test('that ends the session does not', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    line.say('42["bye",{"code":"suspended","message":"This account is suspended."}]');
    await until(() => ada.state === 'signed-out', 'being signed out');
    expect(ada.problem).toMatchObject({ code: 'suspended', message: 'This account is suspended.' });
    expect(ada.store.conversations.size).toBe(0);
  });
});

describe('a session', () => {
  test('is taken up again after a reload, and not after signing out', async () => {
    const storage = memoryStorage();
    const ada = await live('Ada', { storage });
    ada.stop();
    const again = deviceOf('Ada', { storage });
    expect(again.state).toBe('signed-out');
    expect(await again.resume()).toBe(true);
    again.start();
    await isLive(again);
    expect(again.store.me?.name).toBe('Ada');
    await again.signOut();
    expect(again.state).toBe('signed-out');
    expect(again.store.me).toBeNull();
    expect(await storage.entries('')).toEqual([]);
    expect(await again.resume()).toBe(false);
  });

  /** Ends every session of Ada's but the one it is done from. */
  async function endOthers() {
    const other = await world.device('Ada');
    const answer = await other.fetch('/api/session/devices');
    const { devices: list } = (await answer.json()) as { devices: { id: string }[] };
    for (const { id } of list)
      if (id !== other.session.deviceId) await other.fetch(`/api/session/devices/${id}`, { method: 'DELETE' });
  }

  test('whose end was lost on the way ends when the line comes back', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    line.passes = (packet) => !packet.startsWith('42["bye"');
    await endOthers();
    await until(() => ada.state === 'signed-out', 'being signed out');
    expect(line.lost).toEqual([expect.stringContaining('session_ended')]);
    expect(ada.problem?.code).toBe('session_ended');
    expect(ada.store.me).toBeNull();
  });

  test('that is ended elsewhere ends here at once, and says why', async () => {
    const ada = await live('Ada');
    await endOthers();
    await until(() => ada.state === 'signed-out', 'being signed out');
    expect(ada.problem?.code).toBe('session_ended');
    await expect(ada.call('session:me', {})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('does not begin with a wrong password', async () => {
    const person = await world.person('Ada');
    const ada = deviceOf('Ada');
    await expect(ada.signIn({ email: person.email, password: 'not the password' })).rejects.toMatchObject({
      code: 'wrong_credentials',
      fault: 'yours',
    });
    expect(ada.state).toBe('signed-out');
    expect(await ada.resume()).toBe(false);
    expect(await ada.status()).toMatchObject({ ready: true });
  });

  test('whose token the server does not take any more gets another one and connects', async () => {
    let spoilt = 0;
    const fetch: typeof globalThis.fetch = async (...asked) => {
      const response = await globalThis.fetch(...asked);
      if (spoilt++ > 0) return response;
      return Response.json({ ...((await response.json()) as object), accessToken: 'spent' });
    };
    const ada = deviceOf('Ada', { fetch });
    await ada.signIn(await world.person('Ada'));
    ada.start();
    await isLive(ada);
    expect(spoilt).toBe(2);
  });

  test('refusals of calls carry what the server said', async () => {
    const ada = await live('Ada');
    const refused = ada.call('message:edit', {
      conversationId: ada.store.me!.id,
      messageId: ada.store.me!.id,
      body: 'x',
    });
    await expect(refused).rejects.toMatchObject({
      name: 'ParleyError',
      code: 'not_found',
      fault: 'yours',
      requestId: expect.any(String),
    });
  });
});
