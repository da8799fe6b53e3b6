import { heard } from '../conversations/members.ts';
import { call } from '../doors/socket.ts';
import * as pins from './pins.ts';

export const pinCalls = [
  call('pin:list', 'conversations.read', 'page', pins.list),
  call('pin:add', 'messages.send', heard('write'), pins.add),
  call('pin:remove', 'messages.send', heard('write'), pins.remove),
];
