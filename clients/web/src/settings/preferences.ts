import { createPreferences } from '@parley/look/preferences.ts';

export type Order = 'unread' | 'recent' | 'kind';
/** `spellings`: searching finds other ways of writing the same as well. */
type Chat = { order: Order; listWidth: number; details: boolean; spellings: boolean };

const first: Chat = { order: 'unread', listWidth: 288, details: false, spellings: true };
export const { preferences, applyPreferences } = createPreferences<Chat>('parley:preferences', first, {
  order: ['unread', 'recent', 'kind'],
});
