import { createPreferences } from '@parley/look/preferences.ts';

type Console = { columns: Record<string, string[]>; dense: boolean };

const first: Console = { columns: {}, dense: false };
export const { preferences, applyPreferences } = createPreferences<Console>('parley:console', first, {});
