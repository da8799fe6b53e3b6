import { heard } from '../conversations/members.ts';
import { call } from '../doors/socket.ts';
import * as presence from './presence.ts';
import { setTyping } from './typing.ts';

export const presenceCalls = [
  call('typing:set', 'messages.send', heard('hint'), setTyping),
  call('presence:set', 'signed-in', 'hint', presence.set),
  call('presence:watch', 'signed-in', 'read', presence.watch),
];
