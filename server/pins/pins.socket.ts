import { call } from '../doors/socket.ts';
import * as pins from './pins.ts';

export const pinCalls = [
  call('pin:list', 'conversations.read', pins.list),
  call('pin:add', 'messages.send', pins.add),
  call('pin:remove', 'messages.send', pins.remove),
];
