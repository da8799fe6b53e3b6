import type { Work } from '../kernel/work.ts';
import { forbidden } from '../kernel/errors.ts';
import { permissionsOf } from './roles.ts';

/** Nobody hands out, or takes away, a right they do not have: otherwise an administrator could make themselves anything through a second account. */
export function mayDealWith(work: Work, roles: readonly string[], what: string): void {
  for (const permission of permissionsOf(roles)) {
    if (!work.may(permission))
      throw forbidden(`${what} needs the permission ${permission}, which you do not have yourself.`);
  }
}
