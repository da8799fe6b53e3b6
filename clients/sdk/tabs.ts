import { browserLocks } from './one-at-a-time.ts';

/** What the pages of one browser tell each other. */
export type TabNews =
  /** A page has opened. */
  | { kind: 'opened'; tab: string }
  /** A send left the list of what waits: acknowledged, or discarded. */
  | { kind: 'gone'; owner: string; clientId: string }
  | { kind: 'signed-out'; owner: string };

/** The other pages of the same browser that share this device's session and storage. */
export type Tabs = {
  /** The name of this page. */
  readonly id: string;
  /** The pages that are open now, this one among them. null: the browser cannot say. */
  open(): Promise<ReadonlySet<string> | null>;
  /** Calls back when that page has closed: one page after the other, each when the one before is done. */
  whenClosed(tab: string, act: () => Promise<void>): void;
  tell(news: TabNews): void;
  hear(listener: (news: TabNews) => void): void;
  /** Ends this page's part. A page that closes needs no such call. */
  close(): void;
};

type Locks = {
  request(name: string, options: { signal?: AbortSignal }, act: () => Promise<void>): Promise<void>;
  query(): Promise<{ held?: { name?: string }[] }>;
};

const prefix = 'parley-tab/';

/**
 * The pages of this browser. Each holds a lock of its own name for as long as it lives, also when it crashes: that is how
 * the others know that it has closed. Without locks `open` answers null; without channels nothing is told.
 */
export function browserTabs(): Tabs {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
  const ending = new AbortController();
  const locks = browserLocks<Locks>();
  const channel = openChannel();
  const tell = (news: TabNews) => channel?.postMessage(news);
  const mine = locks?.request(prefix + id, {}, () => {
    tell({ kind: 'opened', tab: id });
    return new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
  });
  mine?.catch(() => undefined);
  return {
    id,
    async open() {
      try {
        const { held } = await locks!.query();
        const tabs = new Set(
          held!.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
        );
        return tabs.add(id);
      } catch {
        return null;
      }
    },
    whenClosed(tab, act) {
      locks?.request(prefix + tab, { signal: ending.signal }, act).catch(() => undefined);
    },
    tell,
    hear(listener) {
      if (channel) channel.onmessage = ({ data }: { data: unknown }) => listener(data as TabNews);
    },
    close() {
      ending.abort();
      channel?.close();
    },
  };
}

type Channel = {
  postMessage(news: TabNews): void;
  close(): void;
  onmessage: ((event: { data: unknown }) => void) | null;
};

function openChannel(): Channel | null {
  try {
    return new (globalThis as unknown as { BroadcastChannel: new (name: string) => Channel }).BroadcastChannel(
      'parley',
    );
  } catch {
    return null;
  }
}
