import * as z from 'zod/mini';
import { id } from './words.ts';
import type { Message } from './messages.ts';

/** Pins one conversation may hold. They are listed whole: whoever pins everything has pinned nothing. */
export const mostPins = 100;

/** A message that is kept in sight for everybody in its conversation. */
export type Pin = { message: Message; pinnedBy: string; pinnedAt: number };

export const PinRef = z.strictObject({ conversationId: id, messageId: id });
export const PinList = z.strictObject({ conversationId: id });
