import type { Refusal } from '@parley/protocol/errors.ts';
import type { Session } from '@parley/protocol/identity.ts';
import { adminSchema } from '../admin-schema.ts';

/** One browser, or program, speaking HTTP to the server under test: it keeps its cookies, and says what a browser says about itself. */
export type Visitor = {
  cookies: Map<string, string>;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  graphql(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphqlReply>;
  /** One asking of an administrative act: its plan, or with a token what it did. */
  askAct(
    name: string,
    args: Record<string, unknown>,
    more?: { reason?: string | undefined; previewToken?: string | undefined },
  ): Promise<ActAnswer>;
  /** An administrative act as a console does it: preview, then apply exactly that plan. `code` is undefined when it was done. */
  act(
    name: string,
    args: Record<string, unknown>,
    reason?: string,
  ): Promise<{ code: string | undefined; message: string | undefined; plan: ActAnswer | null; done: ActAnswer | null }>;
  signIn(person: { email: string; password: string }, more?: Record<string, unknown>): Promise<Session>;
};

export type Reply = {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, never> & { error?: Refusal };
};
export type GraphqlReply = {
  status: number;
  data: Record<string, never> | null;
  code: string | undefined;
  errors: { message: string; extensions: Refusal }[];
};

type Counts = { table: string; op: string; count: number }[];
/** What an act answers: its plan, what it did, or why not. */
export type ActAnswer = {
  __typename: 'PlannedAct' | 'AppliedAct' | 'RefusedAct';
  token?: string;
  counts: Counts;
  events: string[];
  entryIds: string[];
  resultId: string | null;
  inviteLink: string | null;
  resetLink: string | null;
  code?: string;
  message?: string;
};

/** The types of an act's arguments, as its field declares them. */
function argTypesOf(name: string): Map<string, string> {
  const field = adminSchema().getMutationType()?.getFields()[name];
  return new Map(field?.args.map((arg) => [arg.name, String(arg.type)]));
}

const answerFields =
  '__typename ... on PlannedAct { token counts { table op count } events } ... on AppliedAct { counts { table op count } entryIds resultId inviteLink resetLink } ... on RefusedAct { code message }';

export type VisitorOptions = {
  /** The Origin a browser would send; null for a program that is no browser. */
  page?: string | null;
  /** The address the proxy in front says it saw (with PARLEY_TRUST_PROXY=1). */
  address?: string;
  /** An access token had otherwise than by signing in. */
  token?: string;
};

export function visitor(origin: string, { page = origin, address, token: given }: VisitorOptions = {}): Visitor {
  const cookies = new Map<string, string>();
  let token = given;
  const visiting: Visitor = {
    cookies,
    async ask(method, path, body, headers = {}) {
      const sent: Record<string, string> = {
        ...(page ? { origin: page } : {}),
        ...(address ? { 'x-forwarded-for': address } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      };
      if (body !== undefined) sent['content-type'] = 'application/json';
      if (cookies.size > 0 && path.startsWith('/api/session'))
        sent['cookie'] = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(`${origin}${path}`, {
        method,
        redirect: 'manual',
        headers: { ...sent, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      for (const cookie of answer.headers.getSetCookie()) keep(cookies, cookie);
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, text, body: asJson(text) as Reply['body'] };
    },
    async graphql(query, variables = {}, headers = {}) {
      const { status, body } = await visiting.ask('POST', '/graphql', { query, variables }, headers);
      const { data = null, errors = [] } = body as unknown as {
        data?: GraphqlReply['data'];
        errors?: GraphqlReply['errors'];
      };
      return { status, data, errors, code: errors[0]?.extensions.code };
    },
    async askAct(name, args, { reason, previewToken } = {}) {
      const types = argTypesOf(name);
      const declared = Object.keys(args).map((arg) => `$${arg}: ${types.get(arg)}`);
      const given = Object.keys(args).map((arg) => `${arg}: $${arg}, `);
      const document = `mutation (${[...declared, '$reason: String', '$previewToken: String'].join(', ')}) { act: ${name}(${given.join('')}reason: $reason, previewToken: $previewToken) { ${answerFields} } }`;
      const { data, code, errors } = await visiting.graphql(document, { ...args, reason, previewToken });
      const answer = (data?.['act'] ?? {
        __typename: 'RefusedAct',
        code,
        message: errors[0]?.message,
      }) as never as ActAnswer;
      return answer;
    },
    async act(name, args, reason = 'for the test') {
      const planned = await visiting.askAct(name, args, { reason });
      if (planned.__typename !== 'PlannedAct')
        return { code: planned.code, message: planned.message, plan: null, done: null };
      const applied = await visiting.askAct(name, args, { reason, previewToken: planned.token! });
      return { code: applied.code, message: applied.message, plan: planned, done: applied.code ? null : applied };
    },
    async signIn(person, more = {}) {
      const { status, body, text } = await visiting.ask('POST', '/api/session', {
        email: person.email,
        password: person.password,
        ...more,
      });
      if (status !== 200) throw new Error(`signing in was refused: ${text}`);
      const session = body as unknown as Session;
      token = session.accessToken;
      return session;
    },
  };
  return visiting;
}

function keep(cookies: Map<string, string>, cookie: string): void {
  const [pair = ''] = cookie.split(';');
  const name = pair.slice(0, pair.indexOf('='));
  const value = pair.slice(pair.indexOf('=') + 1);
  if (value) cookies.set(name, value);
  else cookies.delete(name);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}
