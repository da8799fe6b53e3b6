import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Actor } from './actor.ts';
import { now } from './clock.ts';
import { malformed, Refused } from './errors.ts';
import { newId } from './ids.ts';
import { partKey } from './parts.ts';
import { digestOf, namesIn, normalise, thingsOf, whatMoved, type Things } from './plan.ts';
import { runWork, type Doorway, type House, type Plan, type Work } from './work.ts';

/*
 * A preview is the act itself, rolled back. What it would have done is its plan; the token names the plan, so that applying does exactly that
 * or nothing, and once. The token holds no secret and needs no storage: it is signed, and whoever applies it runs the act again and compares; that
 * it was used is read from the audit log, where every act applied leaves its name.
 */

/** The key tokens are signed with, derived from the installation's secret. */
export const previewKey = partKey<Buffer>('preview.key');

/** A token is good this long: long enough to read a plan and give a reason, short enough that nobody finds one lying about. */
export const tokenLife = 15 * 60_000;

export type Previewed<T> = { result: T; plan: Plan; token: string; expiresAt: Date };

type TokenBody = {
  id: string;
  actor: string;
  verb: string;
  args: string;
  expires: number;
  digest: string;
  things: Things;
};

/** Runs the act, rolls it back, and returns what it would do with a token to apply exactly that. */
export async function preview<T>(
  house: House,
  actor: Actor,
  verb: string,
  args: unknown,
  act: (work: Work) => Promise<T>,
  doorway?: Doorway,
): Promise<Previewed<T>> {
  const { result, plan } = await runWork(house, actor, act, { preview: true, ...(doorway ? { doorway } : {}) });
  const expires = now() + tokenLife;
  const body: TokenBody = {
    id: newId(),
    actor: actor.id ?? actor.name,
    verb,
    args: digestOf(withoutReason(args)),
    expires,
    digest: digestOf(normalise(plan)),
    things: thingsOf(plan),
  };
  return { result, plan, token: sign(house.parts.use(previewKey), body), expiresAt: new Date(expires) };
}

/**
 * Applies a previewed act. The act runs again; when what it is about to commit is not what the token promised, everything is rolled back and
 * the refusal (`moved`) names what is different now; so it does when the act itself finds that it cannot be done any more.
 * A token of somebody else, of another act, or altered is `malformed`; one that is too old, or was applied before, is `moved`.
 */
export async function apply<T>(
  house: House,
  actor: Actor,
  verb: string,
  args: unknown,
  token: string,
  act: (work: Work) => Promise<T>,
  doorway?: Doorway,
): Promise<{ result: T; plan: Plan }> {
  const promised = open(house.parts.use(previewKey), token);
  if (
    promised.actor !== (actor.id ?? actor.name) ||
    promised.verb !== verb ||
    promised.args !== digestOf(withoutReason(args))
  ) {
    throw malformed('previewToken: was given for another act or to somebody else. Preview this act first.');
  }
  if (promised.expires < now())
    throw new Refused('moved', 'The preview is older than 15 minutes. Look at the plan again before applying it.');
  try {
    const once = async (work: Work) => {
      await useUp(work, promised.id);
      return act(work);
    };
    return await runWork(house, actor, once, {
      ...(doorway ? { doorway } : {}),
      previewToken: promised.id,
      judge(plan) {
        if (digestOf(normalise(plan)) !== promised.digest) throw moved(whatMoved(promised.things, thingsOf(plan)));
      },
    });
  } catch (error) {
    // It could be done when it was previewed: whatever forbids it now has come since.
    if (error instanceof Refused && (error.code === 'not_found' || error.code === 'conflict'))
      throw moved(namesIn(promised.things), error);
    throw error;
  }
}

/**
 * Refuses a plan that was applied already: two clicks, or a request sent again, would otherwise do twice what was read once. Whoever comes second
 * waits for the first, and then finds its entry.
 */
async function useUp(work: Work, id: string): Promise<void> {
  await work.sql('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`preview ${id}`]);
  const used = await work.sql('select from audit_entries where preview_token = $1 limit 1', [id]);
  if (used.length > 0)
    throw new Refused('moved', 'This plan was applied already. To do it again, look at a new plan first.');
}

function moved(what: string, because?: Refused): Refused {
  const said = `Since the preview, this changed: ${what}. `;
  return new Refused('moved', `${said}${because?.message ?? 'Look at the new plan.'}`, { cause: because });
}

/** The reason is written when applying, after the plan was read. */
function withoutReason(args: unknown): unknown {
  if (!args || typeof args !== 'object') return args;
  const { reason: _reason, previewToken: _token, ...rest } = args as Record<string, unknown>;
  return rest;
}

function sign(key: Buffer, body: TokenBody): string {
  const text = Buffer.from(JSON.stringify(body)).toString('base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

function open(key: Buffer, token: string): TokenBody {
  const [text = ''] = token.split('.', 1);
  // The whole text is compared: a decoder would pass over what is no base64, and over whatever stands behind a second
  // dot.
  const expected = Buffer.from(`${text}.${createHmac('sha256', key).update(text).digest('base64url')}`);
  const given = Buffer.from(token);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw malformed('previewToken: is not a token this server gave.');
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as TokenBody;
}
