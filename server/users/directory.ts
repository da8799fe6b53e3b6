import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';

/** A person with the facts administration needs. */
export type AdminPerson = {
  id: string;
  number: number;
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  email: string | null;
  title: string | null;
  locale: string;
  departmentId: string | null;
  createdAt: Date;
  suspendedAt: Date | null;
};

/** The columns of `AdminPerson`, for an alias `u` of users. */
export const personFacts = `u.id, u.number, u.name, u.kind, u.status, u.email, u.title, u.locale, u.department_id as "departmentId", u.created_at as "createdAt", u.suspended_at as "suspendedAt"`;

/** One person as administration sees them. Needs `users.read`. */
export async function adminPerson(work: Work, id: string): Promise<AdminPerson> {
  work.require('users.read');
  const [person] = await work.sql<AdminPerson>(`select ${personFacts} from users u where u.id = $1`, [id]);
  if (!person) throw notFound('person');
  return person;
}
