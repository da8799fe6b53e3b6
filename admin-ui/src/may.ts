import { type Permission } from '@parley/protocol/permissions.ts';
import { me } from './session/arrive.ts';

/** Whether the signed-in person may do this. It decides what is shown; the server decides what happens. */
export const may = (permission: Permission): boolean => me.value?.permissions.includes(permission) ?? false;

/** What a page needs and the reader has not. */
export const lacking = ({ permission }: { permission?: Permission }): Permission | null =>
  permission && !may(permission) ? permission : null;
