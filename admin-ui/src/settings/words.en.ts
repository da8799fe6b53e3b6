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
      keepRevisions: 'Keep former texts of messages',
      readRevisions: 'Who may read the edit history',
      whoCreatesChannels: 'Who creates channels',
      whoCreatesGroups: 'Who starts groups',
      whoAddsPeople: 'Who adds people',
      addedPeoplePerDay: 'People added per day',
      addedPerPersonPerDay: 'Conversations per added person per day',
      passwordFloor: 'Password length',
    } as Record<string, string>,
    sentences: {
      organisation: 'The name people see in the title and when signing in.',
      sessionDays: 'After so many days a device must sign in anew, however often it was used.',
      evaluation: 'This installation shows made-up people and talk, for trying things out.',
      keepRevisions:
        'Whether the former text of a message is kept when it is edited or recalled. Choosing none deletes what was kept so far.',
      readRevisions:
        'Who may read the former versions of an edited message: the members of its conversation, its sender alone, or no one. Those of a recalled message are read by no one.',
      whoCreatesChannels: 'Who may create channels: all members, or administrators only.',
      whoCreatesGroups: 'Who may start groups: all members, or administrators only.',
      whoAddsPeople:
        'Who may add people to conversations: everyone in a group and those who lead a channel, guests included; the same without guests; only owners and moderators, also in groups; or administrators only.',
      addedPeoplePerDay: 'How many people one person may add to conversations in a day.',
      addedPerPersonPerDay: 'How many conversations one person may add the same other person to in a day.',
      passwordFloor: 'The fewest characters a new password may have. Passwords chosen before keep working.',
    } as Record<string, string>,
    on: 'on',
    off: 'off',
    bounds: 'A whole number from {minimum} to {maximum}.',
    /** What a setting's choices are called, by the setting's name. */
    choices: {
      keepRevisions: { all: 'Keep all', none: 'Keep none' },
      readRevisions: { members: 'Members of the conversation', sender: 'The sender alone', none: 'No one' },
      whoCreatesChannels: { members: 'All members', administrators: 'Administrators only' },
      whoCreatesGroups: { members: 'All members', administrators: 'Administrators only' },
      whoAddsPeople: {
        everyone: 'Everyone, guests included',
        members: 'Everyone but guests',
        leaders: 'Owners and moderators of the conversation',
        administrators: 'Administrators only',
      },
    } as Record<string, Record<string, string>>,
  },
  // What the operator's settings mean is said by the server in English, which the reference is written from, too.
  operator: {} as Record<string, string>,
};

export type Words = typeof words;
