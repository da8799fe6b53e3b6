import { limits } from '@parley/protocol/limits.ts';
import type { Person } from '@parley/protocol/people.ts';
import type { Calls } from './connection.ts';
import type { Topics } from './topics.ts';

/** People asked about within this time (ms) share one call. */
const together = 15;
/** A name this old (ms) is shown, and asked for again behind the scenes. */
const stale = 15 * 60_000;
/** Nobody by that id, or no answer: not asked again sooner than this (ms). */
const patience = 30_000;

/** Everybody this device has met, by id. Asking for somebody unknown fetches them, many at a time. */
export function createPeople(calls: Calls, topics: Topics) {
  const known = new Map<string, Person>();
  /** When each was asked for or heard of last. */
  const asked = new Map<string, number>();
  let wanted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let era = 0;

  function want(id: string): void {
    asked.set(id, Date.now());
    wanted.add(id);
    timer ??= setTimeout(fetchWanted, together);
  }

  function fetchWanted(): void {
    timer = undefined;
    const ids = [...wanted];
    wanted = new Set();
    for (let from = 0; from < ids.length; from += limits.people) void fetch(ids.slice(from, from + limits.people), era);
  }

  async function fetch(ids: string[], mine: number): Promise<void> {
    try {
      const { people } = await calls.call('people:get', { ids });
      if (mine === era) take(people);
    } catch {
      // Names are asked for again when they are next looked at.
    }
  }

  function take(people: readonly Person[]): void {
    if (people.length === 0) return;
    for (const person of people) {
      known.set(person.id, person);
      asked.set(person.id, Date.now());
    }
    topics.tell({ topic: 'people', ids: people.map(({ id }) => id) });
  }

  return {
    take,
    person(id: string): Person | undefined {
      const person = known.get(id);
      const since = Date.now() - (asked.get(id) ?? 0);
      if (!wanted.has(id) && since > (person ? stale : patience)) want(id);
      return person;
    },
    /** A new connection: whoever could not be fetched before can be asked for at once. */
    connected(): void {
      for (const id of asked.keys()) if (!known.has(id)) asked.delete(id);
    },
    clear(): void {
      era++;
      clearTimeout(timer);
      timer = undefined;
      wanted = new Set();
      known.clear();
      asked.clear();
    },
  };
}
