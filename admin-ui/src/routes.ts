import { nextTick } from 'vue';
import { type RouteRecordRaw } from 'vue-router';
import { type Permission } from '@parley/protocol/permissions.ts';
import { router } from './router.ts';
import { arrive, forget } from './session/arrive.ts';
import { whenSessionEnds } from './session/request.ts';
import Shell from './shell/Shell.vue';

declare module 'vue-router' {
  interface RouteMeta {
    /** Without it the page says what is missing instead of showing itself. */
    permission?: Permission;
  }
}

const needs = (permission: Permission) => ({ meta: { permission } });

const pages: RouteRecordRaw[] = [
  { path: '', name: 'overview', component: () => import('./overview/OverviewPage.vue'), ...needs('console.read') },
  { path: 'people', name: 'people', component: () => import('./people/PeoplePage.vue'), ...needs('users.read') },
  {
    path: 'people/invite',
    name: 'invite',
    component: () => import('./people/InvitePage.vue'),
    ...needs('users.invite'),
  },
  { path: 'people/:id', name: 'person', component: () => import('./people/PersonPage.vue'), ...needs('users.read') },
  {
    path: 'people/:id/edit',
    name: 'edit-person',
    component: () => import('./people/EditPage.vue'),
    ...needs('users.edit'),
  },
  {
    path: 'departments',
    name: 'departments',
    component: () => import('./departments/DepartmentsPage.vue'),
    ...needs('users.read'),
  },
  { path: 'roles', name: 'roles', component: () => import('./roles/RolesPage.vue'), ...needs('roles.read') },
  { path: 'roles/:name', name: 'role', component: () => import('./roles/RolePage.vue'), ...needs('roles.read') },
  { path: 'devices', name: 'devices', component: () => import('./devices/DevicesPage.vue'), ...needs('devices.read') },
  {
    path: 'conversations',
    name: 'conversations',
    component: () => import('./conversations/ConversationsPage.vue'),
    ...needs('conversations.audit'),
  },
  {
    path: 'conversations/:id',
    name: 'conversation',
    component: () => import('./conversations/ConversationPage.vue'),
    ...needs('conversations.audit'),
  },
  { path: 'audit', name: 'audit', component: () => import('./audit/AuditPage.vue'), ...needs('audit.read') },
  {
    path: 'activity',
    name: 'activity',
    component: () => import('./dashboards/ActivityPage.vue'),
    ...needs('dashboards.read'),
  },
  { path: 'tasks', name: 'tasks', component: () => import('./tasks/TasksPage.vue'), ...needs('tasks.read') },
  {
    path: 'settings',
    name: 'settings',
    component: () => import('./settings/SettingsPage.vue'),
    ...needs('settings.manage'),
  },
  { path: ':rest(.*)', name: 'missing', component: () => import('./shell/MissingPage.vue') },
];

/** Makes the pages known, and sends everybody where they may be: to sign in, or into the console. */
export function addRoutes() {
  router.addRoute({ path: '/sign-in', name: 'sign-in', component: () => import('./session/SignInPage.vue') });
  router.addRoute({ path: '/', component: Shell, children: pages });
  router.beforeEach(async (to) => {
    const standing = await arrive();
    if (standing === 'in') return to.name === 'sign-in' ? { name: 'overview' } : true;
    if (to.name === 'sign-in') return true;
    return { name: 'sign-in', query: to.path === '/' ? {} : { next: to.fullPath } };
  });
  // A new page is read from its beginning; a filter leaves the focus where it is.
  router.afterEach((to, from) => {
    if (to.path !== from.path && from.name)
      void nextTick(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  });
  whenSessionEnds(() => {
    forget();
    void router.replace({ name: 'sign-in', query: { ended: 'yes', next: router.currentRoute.value.fullPath } });
  });
  return router;
}
