export const words = {
  devices: {
    title: 'Devices',
    lead: 'Every place somebody is signed in from. Ending a session closes it at once.',
    person: 'Person',
    device: 'Device',
    address: 'Address',
    since: 'Signed in',
    lastSeen: 'Last seen',
    connected: 'connected',
    ended: 'ended',
    idle: 'not connected',
    repeated: 'refresh token shown again {count}×',
    repeatedLast:
      'Last {when}, from {address}. An answer was lost on the way, two tabs asked at once, or the token was copied.',
    end: 'End now…',
    endMany: 'End {count}…',
    state: 'State',
    empty: 'Nobody is signed in',
    search: 'Device, person, address',
    unseen: 'Not seen',
    idleFor: 'for {count} days',
    count: 'no device | one device | {count} devices',
    browser: 'Browser',
    named: '{device} of {name}',
  },
};

export type Words = typeof words;
