import { Building2, Play, ShieldCheck, User } from 'lucide-vue-next';
import { type RouteLocationRaw } from 'vue-router';
import { type FindQuery } from '../graphql/graphql.ts';
import { may } from '../may.ts';
import { navigation } from '../shell/navigation.ts';
import { type Option } from '../ui/options.ts';
import { i18n } from '../words/i18n.ts';

type Finding = FindQuery['find'][number];
const { t } = i18n.global;
const icons = { person: User, department: Building2, role: ShieldCheck };

/** Where each kind of finding leads. */
const roads: Partial<Record<string, (id: string) => RouteLocationRaw>> = {
  person: (id) => ({ name: 'person', params: { id } }),
  department: (id) => ({ name: 'people', query: { department: id } }),
  role: (id) => ({ name: 'role', params: { name: id } }),
  page: (id) => ({ name: id }),
  action: (id) => ({ name: id }),
};
export function placeOf(value: string): RouteLocationRaw | null {
  const [kind = '', ...id] = value.split(' ');
  return roads[kind]?.(id.join(' ')) ?? null;
}

/**
 * What the console itself can offer without asking: its pages, and the acts that have a page. Their names are the reader's, in the reader's
 * language; the server knows only English ones.
 */
export function places(): Option[] {
  const acts = may('users.invite')
    ? [{ value: 'action invite', label: t('people.invite'), detail: t('find.kinds.action'), icon: Play }]
    : [];
  const pages = navigation.value.flatMap(({ places: all }) =>
    all.map(({ name, title, icon }) => ({
      value: `page ${name}`,
      label: t(title),
      detail: t('find.kinds.page'),
      icon,
    })),
  );
  return [...pages, ...acts];
}

/** What the server found, but for pages and acts. */
export function optionsOf(found: readonly Finding[]): Option[] {
  return found.flatMap(({ kind, id, title, detail }) =>
    kind === 'page' || kind === 'action'
      ? []
      : [
          {
            value: `${kind} ${id}`,
            label: kind === 'role' ? t(`roles.names.${id}` as 'roles.names.owner') : title,
            detail: kind === 'person' ? detail : t(`find.kinds.${kind}`),
            icon: icons[kind],
          },
        ],
  );
}
