export const words = {
  nav: {
    people: 'People',
    oversight: 'Oversight',
    analytics: 'Analytics',
    system: 'System',
  },
  account: {
    menu: 'Your account and how the console looks',
    theme: 'Appearance',
    light: 'Light',
    dark: 'Dark',
    system: 'As the system',
    language: 'Language',
    own: 'Password and devices',
    dense: 'Dense lists',
    signOut: 'Sign out',
  },
};

export type Words = typeof words;
