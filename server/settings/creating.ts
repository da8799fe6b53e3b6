import type { Me } from '@parley/protocol/people.ts';
import type { Work } from '../kernel/work.ts';
import type { Settings } from './settings.ts';

/**
 * The kinds of conversation the actor may create: by permission, and as far as the organisation leaves it to members.
 */
export function creatableKinds(work: Work, { whoCreatesGroups, whoCreatesChannels }: Settings): Me['creates'] {
  if (!work.may('conversations.create')) return [];
  const isLeftTo = (who: 'members' | 'administrators') => who === 'members' || work.may('settings.manage');
  const kinds: Me['creates'][number][] = [];
  if (isLeftTo(whoCreatesGroups)) kinds.push('group');
  if (isLeftTo(whoCreatesChannels) && work.may('channels.create')) kinds.push('channel');
  return kinds;
}
