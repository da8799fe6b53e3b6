import { createRouter, createWebHistory } from 'vue-router';

/** Where one is. The pages are added in `routes.ts`: what is drawn on a page may then ask for the way without importing every page. */
export const router = createRouter({ history: createWebHistory('/admin/'), routes: [] });
