export const words = {
  settings: {
    title: 'Settings',
    default: 'default {value}',
    current: 'now {value}',
    fromHere: 'set here',
    fromDefault: 'the default holds',
    fromEnvironment: 'from the environment',
    history: 'history',
    operator: 'Ruled by the environment',
    operatorLead:
      'The operator decides these where the server is started. Here they can only be read; a changed one holds from the next start.',
    locked: 'Only where the server is started can this be changed.',
    secret: 'set, and kept secret',
    unset: 'not set',
    nothing: 'nothing',
    lead: 'What the organisation decides about itself.',
    change: 'Change…',
    names: {
      organisation: 'Organisation',
      sessionDays: 'Longest session, in days',
      evaluation: 'Evaluation',
    } as Record<string, string>,
    sentences: {
      organisation: 'The name people see in the title and when signing in.',
      sessionDays: 'After so many days a device must sign in anew, however often it was used.',
      evaluation: 'This installation shows made-up people and talk, for trying things out.',
    } as Record<string, string>,
    on: 'on',
    off: 'off',
  },
  // What the operator's settings mean is said by the server in English, which the reference is written from, too.
  operator: {} as Record<string, string>,
};

export type Words = typeof words;
