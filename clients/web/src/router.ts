import { createRouter, createWebHistory } from 'vue-router';
import type { RouteLocationRaw } from 'vue-router';
import ChatPage from './ChatPage.vue';
import { arrive } from './session/arrive.ts';

/** What is open stands in the address: a link to a message is a message shared. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./session/SignInPage.vue') },
    { path: '/set-up', name: 'set-up', component: () => import('./session/SetUpPage.vue') },
    { path: '/', name: 'home', component: ChatPage },
    { path: '/c/:id', name: 'conversation', component: ChatPage },
    { path: '/c/:id/t/:thread', name: 'thread', component: ChatPage },
    { path: '/:rest(.*)', redirect: '/' },
  ],
});

router.beforeEach(async (to) => {
  const standing = await arrive();
  const wanted = { in: null, out: 'sign-in', empty: 'set-up' }[standing];
  if (wanted === to.name) return true;
  if (wanted === 'sign-in') return { name: 'sign-in', query: to.path === '/' ? {} : { next: to.fullPath } };
  if (wanted) return { name: wanted };
  return to.name === 'sign-in' || to.name === 'set-up' ? { name: 'home' } : true;
});

/** The address of a conversation, one of its threads or topics, or one of its messages. */
export function addressOf(conversationId: string, place: { thread?: string | null | undefined; seq?: number | undefined } = {}): RouteLocationRaw {
  const query = place.seq ? { m: String(place.seq) } : {};
  return place.thread
    ? { name: 'thread', params: { id: conversationId, thread: place.thread }, query }
    : { name: 'conversation', params: { id: conversationId }, query };
}
