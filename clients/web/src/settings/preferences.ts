import { createPreferences } from '@parley/look/preferences.ts';

export type Order = 'unread' | 'recent' | 'kind';
type Chat = { order: Order; listWidth: number; details: boolean };

const first: Chat = { order: 'unread', listWidth: 288, details: false };
export const { preferences, applyPreferences } = createPreferences<Chat>('parley:preferences', first, {
  order: ['unread', 'recent', 'kind'],
});
