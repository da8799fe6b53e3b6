import { limits } from '@parley/protocol/limits.ts';
import type { PresenceEvent, PresenceState } from '@parley/protocol/sync.ts';
import type { Calls } from './connection.ts';
import type { Topics } from './topics.ts';

/** People looked at within this time (ms) are added to the watch together. */
const together = 50;

/** Who is there. Looking at somebody begins watching them; the server watches for a connection those of its latest call. Hints: never waited for. */
export function createPresence(calls: Calls, topics: Topics) {
  const states = new Map<string, PresenceState>();
  /** Least recently looked at first. */
  const watched = new Set<string>();
  let own: 'online' | 'away' = 'online';
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function watch(): Promise<void> {
    timer = undefined;
    if (watched.size === 0 || !calls.isLive()) return;
    try {
      const { states: now } = await calls.call('presence:watch', { userIds: [...watched] });
      const moved = [...watched].filter((id) => (states.get(id) ?? 'offline') !== (now[id] ?? 'offline'));
      for (const id of moved) states.set(id, now[id] ?? 'offline');
      if (moved.length > 0) topics.tell({ topic: 'presence', userIds: moved });
    } catch {
      // The next connection, or the next person looked at, asks again.
    }
  }

  const soon = () => void (timer ??= setTimeout(() => void watch(), together));
  const tellOwn = () => void (calls.isLive() && calls.call('presence:set', { state: own }).catch(() => undefined));

  return {
    of(userId: string): PresenceState {
      const isNew = !watched.delete(userId);
      watched.add(userId);
      if (isNew) {
        if (watched.size > limits.people) {
          const [longAgo] = watched;
          watched.delete(longAgo!);
          states.delete(longAgo!);
        }
        soon();
      }
      return states.get(userId) ?? 'offline';
    },
    hear({ userId, state }: PresenceEvent): void {
      if (!watched.has(userId) || states.get(userId) === state) return;
      states.set(userId, state);
      topics.tell({ topic: 'presence', userIds: [userId] });
    },
    set(state: 'online' | 'away'): void {
      own = state;
      tellOwn();
    },
    connected(): void {
      tellOwn();
      soon();
    },
    clear(): void {
      clearTimeout(timer);
      timer = undefined;
      states.clear();
      watched.clear();
      own = 'online';
    },
  };
}
