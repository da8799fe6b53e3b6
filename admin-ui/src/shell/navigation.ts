import {
  Activity,
  Building2,
  LayoutDashboard,
  Laptop,
  ListChecks,
  MessagesSquare,
  ScrollText,
  Settings,
  ShieldCheck,
  Users,
} from 'lucide-vue-next';
import { computed } from 'vue';
import { type Component } from 'vue';
import { type Permission } from '@parley/protocol/permissions.ts';
import { may } from '../may.ts';

export type Place = { name: string; title: string; icon: Component; permission: Permission };
type Group = { title: string | null; places: Place[] };

const place = (name: string, noun: string, icon: Component, permission: Permission): Place => ({
  name,
  title: `${noun}.title`,
  icon,
  permission,
});

const groups: Group[] = [
  { title: null, places: [place('overview', 'overview', LayoutDashboard, 'console.read')] },
  {
    title: 'nav.people',
    places: [
      place('people', 'people', Users, 'users.read'),
      place('departments', 'departments', Building2, 'users.read'),
      place('roles', 'roles', ShieldCheck, 'roles.read'),
      place('devices', 'devices', Laptop, 'devices.read'),
    ],
  },
  {
    title: 'nav.oversight',
    places: [
      place('audit', 'audit', ScrollText, 'audit.read'),
      place('conversations', 'conversations', MessagesSquare, 'conversations.audit'),
    ],
  },
  { title: 'nav.analytics', places: [place('activity', 'dashboards', Activity, 'dashboards.read')] },
  {
    title: 'nav.system',
    places: [
      place('tasks', 'tasks', ListChecks, 'tasks.read'),
      place('settings', 'settings', Settings, 'settings.manage'),
    ],
  },
];

/** The groups of the navigation with only what the reader may open; an empty group is not there. */
export const navigation = computed(() =>
  groups
    .map((group) => ({ ...group, places: group.places.filter(({ permission }) => may(permission)) }))
    .filter(({ places }) => places.length > 0),
);

/** Whether there is anything to administer at all. */
export const hasDuties = computed(() => navigation.value.length > 0);
