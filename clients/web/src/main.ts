import '@parley/look/tokens.css';
import '@parley/look/base.css';
import '@parley/look/controls.css';
import './ui/controls.css';
import { createApp } from 'vue';
import { guardComposition } from '@parley/look/composing.ts';
import { keepFocus } from '@parley/look/focus.ts';
import App from './App.vue';
import { addRoutes } from './routes.ts';
import { applyPreferences } from './settings/preferences.ts';
import { i18n, speak } from './words/i18n.ts';

await applyPreferences(speak);
keepFocus();
guardComposition();
createApp(App).use(i18n).use(addRoutes()).mount('#app');
