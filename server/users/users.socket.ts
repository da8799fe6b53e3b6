import { call } from '../doors/socket.ts';
import { search } from './people-search.ts';
import * as users from './users.ts';

export const userCalls = [
  // Open to guests too: the verbs show each actor the people they may see.
  call('people:search', 'signed-in', 'people', async (work, input) => ({ people: await search(work, input) })),
  call('people:get', 'signed-in', 'read', async (work, { ids }) => ({ people: await users.peopleByIds(work, ids) })),
  call('session:me', 'signed-in', 'read', users.describeMe),
];
