import { useDepartments } from '../departments/useDepartments.ts';
import { me } from '../session/arrive.ts';

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/**
 * Names for the ids that stand in plans and in the log: departments, and the reader. Others stay ids: what is new has no name anybody could
 * look up, and a name of today would say too much about a line of last year.
 */
export function useNames() {
  const departments = useDepartments();
  return {
    isId,
    nameOf: (id: string): string | undefined =>
      departments.nameOf(id) ?? (id === me.value?.id ? me.value.name : undefined),
  };
}
