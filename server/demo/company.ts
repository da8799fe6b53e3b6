import { readFileSync } from 'node:fs';

/** The demo company as it is written in company.json. */
export type Company = {
  domain: string;
  departments: { key: string; name: string; within?: string }[];
  people: Someone[];
  conversations: Somewhere[];
};
export type Someone = {
  key: string;
  name: string;
  /** The part before the @; from the name when left out. */
  email?: string;
  domain?: string;
  title?: string;
  department?: string;
  locale?: string;
  kind?: 'guest' | 'bot';
  roles?: string[];
  /** Somebody the evaluator signs in as, and under which word. */
  account?: string;
  /** Until when they have read everything; to the end when left out. */
  lastLooked?: string;
  pinned?: string[];
  muted?: string[];
};
export type Somewhere = {
  key: string;
  kind: 'channel' | 'group' | 'direct';
  name: string | null;
  purpose: string;
  threading?: 'topics';
  owner: string | null;
  members: 'everyone' | string[];
};

export const readCompany = (): Company =>
  JSON.parse(readFileSync(new URL('company.json', import.meta.url), 'utf8')) as Company;

export function emailOf(person: Someone, company: Company): string | null {
  if (person.kind === 'bot') return null;
  return `${person.email ?? person.name.toLowerCase().replaceAll(' ', '.')}@${person.domain ?? company.domain}`;
}
