import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router';

/**
 * Where one is. The pages are added in `routes.ts`: what is drawn on a page may then ask for the way without importing every page.
 */
export const router = createRouter({ history: createWebHistory(), routes: [] });

/** The address of a conversation, one of its threads or topics, or one of its messages. */
export function addressOf(
  conversationId: string,
  place: { thread?: string | null | undefined; seq?: number | undefined } = {},
): RouteLocationRaw {
  const query = place.seq ? { m: String(place.seq) } : {};
  return place.thread
    ? { name: 'thread', params: { id: conversationId, thread: place.thread }, query }
    : { name: 'conversation', params: { id: conversationId }, query };
}
