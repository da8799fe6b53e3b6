export const words = {
  settings: {
    menu: 'Settings',
    language: 'Language',
    theme: 'Appearance',
    light: 'Light',
    dark: 'Dark',
    system: 'Like the system',
    account: 'Your account',
    shortcuts: 'Keyboard shortcuts',
    signOut: 'Sign out',
  },
};

export type Words = typeof words;
