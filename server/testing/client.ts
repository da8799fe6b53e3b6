import { io, type Socket } from 'socket.io-client';
import type { Answer, Refusal } from '@parley/protocol/errors.ts';
import type { Answers, CallInput, CallName } from '@parley/protocol/catalogue.ts';
import type { ChangeEvent, MineEvent } from '@parley/protocol/sync.ts';
import type { Session } from '@parley/protocol/identity.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import { newId } from '../kernel/ids.ts';

/** A refusal as a client meets it. */
export class RefusedCall extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** A connection of the stock Socket.IO client, which does not come back by itself. Without a token it is a stranger's. */
export const socketWith = (origin: string, token: string | undefined): Socket =>
  io(origin, {
    transports: ['websocket'],
    auth: token === undefined ? {} : { token },
    forceNew: true,
    reconnection: false,
  });

/** One device of a named person, over the stock Socket.IO client and fetch: it keeps whatever it heard. */
export class TestClient {
  readonly origin: string;
  readonly userId: string;
  readonly name: string;
  session: Session;
  socket: Socket | undefined;
  readonly changes: ChangeEvent[] = [];
  readonly mine: MineEvent[] = [];
  readonly others: { event: string; payload: unknown }[] = [];

  private constructor(origin: string, person: { id: string; name: string }, session: Session) {
    this.origin = origin;
    this.userId = person.id;
    this.name = person.name;
    this.session = session;
  }

  static async signIn(
    origin: string,
    person: { id: string; name: string; email: string; password: string },
  ): Promise<TestClient> {
    const answer = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: person.email,
        password: person.password,
        device: `${person.name}’s device`,
        keep: 'body',
      }),
    });
    const body = (await answer.json()) as Session & { error?: Refusal };
    if (body.error) throw new RefusedCall(body.error);
    return new TestClient(origin, person, body);
  }

  /** Resolves when the server has accepted the connection; throws its refusal otherwise. */
  async connect(): Promise<void> {
    const socket = socketWith(this.origin, this.session.accessToken);
    this.socket = socket;
    socket.on('change', (event: ChangeEvent) => this.changes.push(event));
    socket.on('mine', (event: MineEvent) => this.mine.push(event));
    socket.onAny(
      (event: string, payload: unknown) =>
        void (event !== 'change' && event !== 'mine' && this.others.push({ event, payload })),
    );
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: Refusal }) =>
        reject(error.data ? new RefusedCall(error.data) : error),
      );
    });
  }

  close(): void {
    this.socket?.disconnect();
  }

  /** Calls an operation; a refusal is thrown as `RefusedCall`. */
  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<Answers[N]> {
    const answer = await this.raw(name, input);
    if (answer.error) throw new RefusedCall(answer.error);
    return answer.ok as Answers[N];
  }

  raw(name: string, input: unknown): Promise<Answer<unknown>> {
    return new Promise((resolve, reject) => {
      const { socket } = this;
      if (!socket?.connected) return reject(new Error('not connected'));
      const lost = () => reject(new Error('the connection ended before the answer'));
      socket.once('disconnect', lost);
      socket.emit(name, input, (answer: Answer<unknown>) => {
        socket.off('disconnect', lost);
        resolve(answer);
      });
    });
  }

  /** The code a call is refused with, or `ok`. */
  async tries<N extends CallName>(name: N, input: CallInput<N>): Promise<string> {
    const answer = await this.raw(name, input);
    return answer.error?.code ?? 'ok';
  }

  says(
    body: string,
    options: { in: Summary | string; threadId?: string; title?: string; clientId?: string },
  ): Promise<Answers['message:send']> {
    const conversationId = typeof options.in === 'string' ? options.in : options.in.conversation.id;
    return this.call('message:send', {
      conversationId,
      clientId: options.clientId ?? newId(),
      body,
      ...(options.threadId ? { threadId: options.threadId } : {}),
      ...(options.title ? { title: options.title } : {}),
    });
  }

  /** A new group with these people in it. */
  group(name: string, people: TestClient[], more: Partial<CallInput<'conversation:create'>> = {}): Promise<Summary> {
    return this.call('conversation:create', {
      clientId: newId(),
      kind: 'group',
      name,
      memberIds: people.map((person) => person.userId),
      ...more,
    });
  }

  /** The bodies of the messages heard live in a conversation. */
  heard(conversationId: string): string[] {
    return this.changes.flatMap(({ conversationId: id, change }) =>
      id === conversationId && change.kind === 'message' ? [change.message.body] : [],
    );
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.origin}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.session.accessToken}`, ...(init.headers as Record<string, string>) },
    });
  }
}

/** Waits until the condition holds; gives up loudly after a limit far above any promise. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  limit = 20_000,
): Promise<void> {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
