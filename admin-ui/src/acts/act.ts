import { type RouteLocationRaw } from 'vue-router';
import { type ActAnswerFragment } from '../graphql/graphql.ts';
import { type Words } from './words.en.ts';
import { i18n } from '../words/i18n.ts';

/** Without a token the server answers with the plan, with it it does what the plan said. */
export type Said = { reason?: string | null; previewToken?: string | null };
export type Answer = ActAnswerFragment;
export type Applied = Extract<Answer, { __typename: 'AppliedAct' }>;
export type Plan = Extract<Answer, { __typename: 'PlannedAct' }>;

/** One administrative act as the dialog asks about it. The words are functions: the language may change while it is open. */
export type Act = {
  title: () => string;
  lead: () => string;
  /** What the button says: the act, by its name. */
  go: () => string;
  done: () => string;
  perform: (said: Said) => Promise<Answer>;
  reason: 'required' | 'optional';
  /** Takes something away from somebody. */
  bad: boolean;
  /** The act that takes it back, where there is one. */
  undo?: () => Act;
  /** Whom it is about, for the audit log and the words after it. */
  targetId?: string;
  name: string;
  /** Where it goes on, when this was only the beginning. */
  next?: { title: () => string; to: RouteLocationRaw };
};

type Verb = keyof Words['acts'];
type Facts = { name?: string; count?: number; role?: string; to?: string };
type Rest = Pick<Act, 'perform'> &
  Partial<Pick<Act, 'reason' | 'bad' | 'undo' | 'targetId' | 'next'>> & { lead?: string };

/** An act out of its verb, the facts its words need, and how it is performed. */
export function describe(
  verb: Verb,
  facts: Facts,
  { lead = 'lead', reason = 'optional', bad = false, ...rest }: Rest,
): Act {
  const say = (part: string) => () => i18n.global.t(`acts.${verb}.${part}` as 'acts.edit.go', facts, facts.count ?? 1);
  return {
    title: say('title'),
    lead: say(lead),
    go: say('go'),
    done: say('done'),
    reason,
    bad,
    name: facts.name ?? '',
    ...rest,
  };
}

/** What the dialog answers: what was done, and the act that takes it back when that was asked for. */
export type Outcome = { applied: Applied; undo?: Act };
