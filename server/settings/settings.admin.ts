import * as z from 'zod/mini';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import * as settings from './settings.ts';

const Change = z.strictObject({
  name: z.enum(settings.settingNames as [settings.SettingName, ...settings.SettingName[]]),
  value: z.unknown(),
});

/** The organisation's settings in the administrative schema. */
export function settingsAdmin(builder: AdminBuilder): void {
  const Setting = builder.objectRef<{ name: settings.SettingName; value: unknown }>('Setting').implement({
    description: 'Something the organisation decides about itself.',
    fields: (t) => ({
      name: t.exposeString('name'),
      value: t.field({ type: 'JSON', resolve: ({ value }) => value }),
      sentence: t.string({ description: 'What it means.', resolve: ({ name }) => settings.sentenceOf(name) }),
    }),
  });
  builder.queryField('settings', (t) =>
    t.field({
      type: [Setting],
      description: 'Every setting of the organisation as it stands.',
      permission: 'settings.manage',
      resolve: async (_, _args, work) => {
        const values = await settings.read(work);
        return settings.settingNames.map((name) => ({ name, value: values[name] }));
      },
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
