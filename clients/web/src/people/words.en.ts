export const words = {
  presence: { online: 'online', away: 'away', offline: 'offline' },
};

export type Words = typeof words;
