import * as z from 'zod/mini';
import { addAct } from '../doors/graphql-acts.ts';
import type { SettingInForce } from '../config.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import * as settings from './settings.ts';

const Change = z.strictObject({
  name: z.enum(settings.settingNames as [settings.SettingName, ...settings.SettingName[]]),
  value: z.unknown(),
});

/** The organisation's settings in the administrative schema. */
export function settingsAdmin(builder: AdminBuilder): void {
  const Kind = builder.enumType('SettingKind', { values: ['text', 'flag', 'number', 'choice'] as const });
  const Setting = builder.objectRef<settings.SettingAsItStands>('Setting').implement({
    description: 'Something the organisation decides about itself.',
    fields: (t) => ({
      name: t.exposeString('name'),
      value: t.field({ type: 'JSON', resolve: ({ value }) => value }),
      fallback: t.field({
        type: 'JSON',
        description: 'What it is when nobody touches it.',
        resolve: ({ fallback }) => fallback,
      }),
      changedAt: t.expose('changedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When somebody last changed it; null where the default holds.',
      }),
      kind: t.expose('kind', { type: Kind, description: 'Which values it takes.' }),
      minimum: t.exposeFloat('minimum', {
        nullable: true,
        description: 'The smallest whole number it takes; of a text, the fewest characters.',
      }),
      maximum: t.exposeFloat('maximum', {
        nullable: true,
        description: 'The largest whole number it takes; of a text, the most characters.',
      }),
      choices: t.stringList({
        nullable: true,
        description: 'The values to choose from; null unless the kind is choice.',
        resolve: ({ choices }) => (choices ? [...choices] : null),
      }),
      sentence: t.string({ description: 'What it means.', resolve: ({ name }) => settings.sentenceOf(name) }),
    }),
  });
  builder.queryField('settings', (t) =>
    t.field({
      type: [Setting],
      description: 'Every setting of the organisation as it stands.',
      permission: 'settings.manage',
      cost: 'list',
      resolve: (_, _args, work) => settings.asTheyStand(work),
    }),
  );
  const Operators = builder.objectRef<SettingInForce>('OperatorSetting').implement({
    description: 'Something the operator decides about the process, where it is started.',
    fields: (t) => ({
      name: t.exposeString('name'),
      env: t.exposeString('env', { description: 'The name it has in the environment.' }),
      sentence: t.exposeString('sentence'),
      value: t.exposeString('value', { nullable: true, description: 'As it stands; null where it is a secret.' }),
      fallback: t.exposeString('fallback', { description: 'What it is when the environment does not give it.' }),
      given: t.exposeBoolean('given', { description: 'Whether the environment gives it.' }),
      secret: t.exposeBoolean('secret'),
    }),
  });
  builder.queryField('operatorSettings', (t) =>
    t.field({
      type: [Operators],
      description: 'What the operator decided about the process. Nothing here can be changed from here.',
      permission: 'settings.manage',
      cost: 'list',
      resolve: (_, _args, work) => [...work.use(settings.operatorSettings)],
    }),
  );
  addAct(builder, {
    name: 'changeSetting',
    permission: 'settings.manage',
    description: 'Changes one setting of the organisation.',
    reason: 'optional',
    input: Change,
    args: (arg) => ({ name: arg.string({ required: true }), value: arg({ type: 'JSON', required: true }) }),
    run: (work, { name, value }, reason) => settings.change(work, name, value as never, { reason }),
  });
}
