import type { Work } from '../kernel/work.ts';
import { SettingRow } from './settings.model.ts';

/*
 * What the organisation decides about itself, as against what the operator decides about the process (server/config.ts).
 * One row a setting; a setting nobody touched has no row and means its default.
 */

/** Every setting with its default. */
const defaults = {
  /** The name people see in the title and when signing in. */
  organisation: 'Parley',
  /** This installation shows made-up people and talk, for trying things out. */
  evaluation: false,
};

export type Settings = typeof defaults;

/** All settings as they stand. Open to every actor: none of them is a secret. */
export async function read(work: Work): Promise<Settings> {
  const rows = await work.db.rows<{ name: string; value: unknown }>(
    'select name, value from settings where name = any ($1)',
    [Object.keys(defaults)],
    'settings',
  );
  return { ...defaults, ...Object.fromEntries(rows.map((row) => [row.name, row.value])) };
}

/** Changes one setting. Needs `settings.manage`. */
export async function change<N extends keyof Settings>(work: Work, name: N, value: Settings[N]): Promise<void> {
  work.require('settings.manage');
  const transaction = await work.transaction();
  const row = await SettingRow.findByPk(name, { transaction, lock: transaction.LOCK.UPDATE });
  const before = row ? row.value : defaults[name];
  if (before === value) return;
  if (row) await row.update({ value }, { transaction });
  else await SettingRow.create({ name, value }, { transaction });
  work.record('setting.changed', { name });
  work.audit({
    action: 'setting.changed',
    target: { kind: 'setting', id: name },
    before: { value: before },
    after: { value },
  });
}
