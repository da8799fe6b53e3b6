import { call } from '../doors/socket.ts';
import * as presence from './presence.ts';
import { setTyping } from './typing.ts';

export const presenceCalls = [
  call('typing:set', 'messages.send', setTyping),
  call('presence:set', 'signed-in', presence.set),
  call('presence:watch', 'signed-in', presence.watch),
];
