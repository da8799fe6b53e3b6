import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { revisionReaders } from '@parley/protocol/revisions.ts';
import { passwordBounds } from '@parley/protocol/passwords.ts';
import { name as nameOf } from '@parley/protocol/words.ts';
import type { SettingInForce } from '../config.ts';
import { malformed } from '../kernel/errors.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';
import { SettingRow } from './settings.model.ts';

/*
 * What the organisation decides about itself, as against what the operator decides about the process (server/config.ts).
 * One row a setting; a setting nobody touched has no row and means its default.
 */

/** Every setting: its default, the values it takes, and the sentence an administrator reads. */
const known = {
  organisation: {
    fallback: 'Parley',
    type: nameOf(limits.name),
    sentence: 'The name people see in the title and when signing in.',
  },
  sessionDays: {
    fallback: 180,
    type: z.int().check(z.minimum(1), z.maximum(3_650)),
    sentence: 'After so many days a device must sign in anew, however often it was used.',
  },
  evaluation: {
    fallback: false,
    type: z.boolean(),
    sentence: 'This installation shows made-up people and talk, for trying things out.',
  },
  keepRevisions: {
    fallback: 'all' as const,
    type: z.enum(['all', 'none']),
    sentence:
      'Whether the former text of a message is kept when it is edited or recalled. Choosing none deletes what was kept so far.',
  },
  readRevisions: {
    fallback: 'members' as const,
    type: z.enum(revisionReaders),
    sentence:
      'Who may read the former versions of an edited message: the members of its conversation, its sender alone, or no one. Those of a recalled message are read by no one.',
  },
  whoCreatesChannels: {
    fallback: 'members',
    type: z.enum(['members', 'administrators']),
    sentence: 'Who may create channels: all members, or administrators only.',
  },
  whoCreatesGroups: {
    fallback: 'members',
    type: z.enum(['members', 'administrators']),
    sentence: 'Who may start groups: all members, or administrators only.',
  },
  whoAddsPeople: {
    fallback: 'everyone',
    type: z.enum(['everyone', 'members', 'leaders', 'administrators']),
    sentence:
      'Who may add people to conversations: everyone in a group and those who lead a channel, guests included; the same without guests; only owners and moderators, also in groups; or administrators only.',
  },
  addedPeoplePerDay: {
    fallback: 2_000,
    type: z.int().check(z.minimum(1), z.maximum(100_000)),
    sentence: 'How many people one person may add to conversations in a day.',
  },
  addedPerPersonPerDay: {
    fallback: 50,
    type: z.int().check(z.minimum(1), z.maximum(10_000)),
    sentence: 'How many conversations one person may add the same other person to in a day.',
  },
  passwordFloor: {
    fallback: passwordBounds.floor as number,
    type: z.int().check(z.minimum(passwordBounds.least), z.maximum(passwordBounds.floorMost)),
    sentence: 'The fewest characters a new password may have. Passwords chosen before keep working.',
  },
};

export type SettingName = keyof typeof known;
export type Settings = { [N in SettingName]: z.output<(typeof known)[N]['type']> };
export const settingNames = Object.keys(known) as SettingName[];
export const sentenceOf = (name: SettingName): string => known[name].sentence;

const defaults = Object.fromEntries(settingNames.map((name) => [name, known[name].fallback])) as Settings;

export type SettingKind = 'text' | 'flag' | 'number' | 'choice';

/** Which control shows a setting: its kind, the bounds of a number or of a text's length, and the choices. */
export type SettingForm = {
  kind: SettingKind;
  minimum: number | null;
  maximum: number | null;
  choices: readonly string[] | null;
};

/** The form of a setting's value, derived from the type that judges it, so that the two cannot differ. */
export function formOf(type: z.ZodMiniType): SettingForm {
  const schema = z.toJSONSchema(type);
  if (schema.type === 'boolean') return { kind: 'flag', minimum: null, maximum: null, choices: null };
  if (schema.type === 'integer')
    return { kind: 'number', minimum: schema.minimum ?? null, maximum: schema.maximum ?? null, choices: null };
  if (schema.type !== 'string') throw new Error(`A setting cannot be of the type ${JSON.stringify(schema)}.`);
  if (schema.enum) return { kind: 'choice', minimum: null, maximum: null, choices: schema.enum as string[] };
  return { kind: 'text', minimum: schema.minLength ?? 0, maximum: schema.maxLength ?? null, choices: null };
}

const forms = Object.fromEntries(settingNames.map((name) => [name, formOf(known[name].type)])) as Record<
  SettingName,
  SettingForm
>;

/** What a value of this form must be, as a refusal says it. */
export function boundsOf({ kind, minimum, maximum, choices }: SettingForm): string {
  const what = {
    flag: 'must be true or false',
    number: `must be a whole number from ${minimum} to ${maximum}`,
    choice: `must be one of: ${choices?.join(', ')}`,
    text: `must be text of ${minimum} to ${maximum} characters that is not only white space`,
  };
  return what[kind];
}

/** All settings as they stand. Open to every actor: none of them is a secret. */
export async function read(work: Work): Promise<Settings> {
  const rows = await work.db.rows<{ name: string; value: unknown }>(
    'select name, value from settings where name = any ($1)',
    [settingNames],
    'settings',
  );
  return { ...defaults, ...Object.fromEntries(rows.map((row) => [row.name, row.value])) };
}

/**
 * As `read`, for one setting that decides what the act writes: it cannot change before the act ends. Asked before any
 * row is locked.
 */
export async function readFixed<N extends SettingName>(work: Work, name: N): Promise<Settings[N]> {
  await work.sql(`select pg_advisory_xact_lock_shared(${lockOf('$1')})`, [name]);
  const [row] = await work.sql<{ value: Settings[N] }>('select value from settings where name = $1', [name]);
  return row ? row.value : defaults[name];
}

const lockOf = (name: string) => `hashtext('parley setting'), hashtext(${name})`;

/**
 * What other modules do in the same act when a setting changes. Throwing forbids the change. `app.ts` lists them.
 */
export type SettingGuard = (work: Work, name: SettingName, value: unknown) => Promise<void>;
export const settingGuards = partKey<readonly SettingGuard[]>('guards of a setting');

/** What the operator decided about the process, as it runs. */
export const operatorSettings = partKey<readonly SettingInForce[]>('operator settings');

/** `changedAt` is null where nobody touched it and the default holds. */
export type SettingAsItStands = SettingForm & {
  name: SettingName;
  value: unknown;
  fallback: unknown;
  changedAt: Date | null;
};

/** Every setting with what it would be if nobody had touched it. Needs `settings.manage`. */
export async function asTheyStand(work: Work): Promise<SettingAsItStands[]> {
  work.require('settings.manage');
  const rows = await work.sql<{ name: string; value: unknown; changedAt: Date }>(
    'select name, value, updated_at as "changedAt" from settings where name = any ($1)',
    [settingNames],
  );
  return settingNames.map((name) => {
    const row = rows.find((one) => one.name === name);
    const fallback = defaults[name];
    return { ...forms[name], name, value: row ? row.value : fallback, fallback, changedAt: row?.changedAt ?? null };
  });
}

/** Changes one setting. Needs `settings.manage`; a value the setting does not take is `malformed`. */
export async function change<N extends SettingName>(
  work: Work,
  name: N,
  value: Settings[N],
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  work.require('settings.manage');
  if (!known[name].type.safeParse(value).success) throw malformed(`value: ${boundsOf(forms[name])}`);
  // Two who change a setting nobody touched yet would both find no row.
  await work.sql(`select pg_advisory_xact_lock(${lockOf('$1')})`, [name]);
  const transaction = await work.transaction();
  const row = await SettingRow.findByPk(name, { transaction, lock: transaction.LOCK.NO_KEY_UPDATE });
  const before = row ? row.value : defaults[name];
  if (before === value) return;
  if (row) await row.update({ value }, { transaction });
  else await SettingRow.create({ name, value }, { transaction });
  for (const guard of work.use(settingGuards)) await guard(work, name, value);
  work.record('setting.changed', { name });
  work.audit({
    action: 'setting.changed',
    target: { kind: 'setting', id: name, name },
    before: { value: before },
    after: { value },
    reason,
  });
}
