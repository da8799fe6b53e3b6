import { shallowRef } from 'vue';
import type { LocationQuery } from 'vue-router';
import { openId } from '../conversations/list.ts';
import { router } from '../router.ts';

/** What is looked for, as the address says it. Days are the reader's own, as `2026-05-01`. */
export type Filters = {
  query: string;
  conversationId: string | null;
  senderId: string | null;
  after: string | null;
  before: string | null;
  /** The last word is whole, though nothing follows it. */
  whole: boolean;
};

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(startOf(text));
/** When a day begins on the reader's clock. */
export const startOf = (day: string): number => new Date(`${day}T00:00`).getTime();

/** Reads an address. What makes no sense in it is left out: a link cut short still finds something. */
export function filtersOf(query: LocationQuery): Filters {
  const one = (name: string, makesSense: (text: string) => boolean) => {
    const value = query[name];
    return typeof value === 'string' && makesSense(value) ? value : null;
  };
  return {
    query: (one('q', () => true) ?? '').slice(0, 400),
    conversationId: one('in', isId),
    senderId: one('from', isId),
    after: one('after', isDay),
    before: one('before', isDay),
    whole: query['whole'] === '1',
  };
}

/** The address of a search: a link to a finding is a finding shared. */
export function searchAddress({ query, conversationId, senderId, after, before, whole }: Partial<Filters>) {
  const parts = { q: query, in: conversationId, from: senderId, after, before, whole: whole && '1' };
  return {
    name: 'search',
    query: Object.fromEntries(Object.entries(parts).filter(([, value]) => value)) as LocationQuery,
  };
}

/** A day so many days before today, as an address says it. */
export function daysAgo(days: number, today = new Date()): string {
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The conversation one came from: what "this conversation" means while searching. */
export const cameFrom = shallowRef<string | null>(null);

/** Goes searching; who is there already gets the field, ready to be overwritten. */
export async function openSearch(query = '') {
  if (openId.value) cameFrom.value = openId.value;
  if (router.currentRoute.value.name !== 'search') await router.push(searchAddress({ query }));
  else if (query) await router.push(searchAddress({ query }));
  document.querySelector<HTMLInputElement>('[data-search]')?.select();
}
