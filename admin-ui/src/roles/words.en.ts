import { permissions } from '@parley/protocol/permissions.ts';

export const words = {
  roles: {
    title: 'Roles',
    lead: 'A role is a set of permissions. Somebody with several roles may do what any of them allows.',
    holders: 'Held by',
    holdersCount: 'nobody | one person | {count} people',
    permissions: 'What it allows',
    permission: 'Permission',
    matrix: 'What each role allows',
    allowed: 'allowed',
    notAllowed: 'not allowed',
    give: 'Give this role…',
    withdraw: 'Withdraw…',
    noHolders: 'Nobody holds this role.',
    choosePerson: 'Who gets the role {role}?',
    chooseRole: 'Which role does {name} get?',
    names: {
      owner: 'Owner',
      administrator: 'Administrator',
      auditor: 'Auditor',
      analyst: 'Analyst',
      member: 'Member',
      guest: 'Guest',
    },
    sentences: {
      owner: 'Everything, roles included.',
      administrator: 'The daily work: people, departments, roles, devices, settings.',
      auditor: 'Reads the audit log, and conversations where that is called for; changes nothing.',
      analyst: 'Reads the dashboards down to their events.',
      member: 'Talks: conversations, channels, messages.',
      guest: 'Talks where somebody took them in, and sees nobody else.',
    },
  },
  permissions: permissions as Record<keyof typeof permissions, string>,
};

export type Words = typeof words;
