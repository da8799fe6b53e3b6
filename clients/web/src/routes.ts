import type { RouteRecordRaw } from 'vue-router';
import ChatPage from './ChatPage.vue';
import { router } from './router.ts';
import { arrive } from './session/arrive.ts';

/** What is open stands in the address: a link to a message is a message shared. */
const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: () => import('./session/SignInPage.vue') },
  { path: '/set-up', name: 'set-up', component: () => import('./session/SetUpPage.vue') },
  { path: '/invite', name: 'invite', component: () => import('./session/InvitePage.vue') },
  { path: '/reset', name: 'reset', component: () => import('./session/ResetPage.vue') },
  { path: '/account', name: 'account', component: () => import('./account/AccountPage.vue') },
  { path: '/', name: 'home', component: ChatPage },
  { path: '/search', name: 'search', component: ChatPage },
  { path: '/c/:id', name: 'conversation', component: ChatPage },
  { path: '/c/:id/t/:thread', name: 'thread', component: ChatPage },
  { path: '/:rest(.*)', redirect: '/' },
];

/** Makes the pages known, and sends everybody where they may be: to set up, to sign in, or into the chat. */
export function addRoutes() {
  for (const route of routes) router.addRoute(route);
  router.beforeEach(async (to) => {
    const standing = await arrive();
    const wanted = { in: null, out: 'sign-in', empty: 'set-up' }[standing];
    // Whoever has a link may open it, also where somebody else is signed in.
    if (wanted === to.name || ((to.name === 'invite' || to.name === 'reset') && standing !== 'empty')) return true;
    if (wanted === 'sign-in') return { name: 'sign-in', query: to.path === '/' ? {} : { next: to.fullPath } };
    if (wanted) return { name: wanted };
    return to.name === 'sign-in' || to.name === 'set-up' ? { name: 'home' } : true;
  });
  return router;
}
