import { hkdfSync } from 'node:crypto';
import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { settingsInForce, type Config } from './config.ts';
import { adminSchema } from './admin-schema.ts';
import { defineAccess } from './access/access.model.ts';
import { rightsGuards } from './access/access.ts';
import { defineConversations } from './conversations/conversations.model.ts';
import { auditRoutes } from './audit/audit.http.ts';
import { auditJobs } from './audit/export-task.ts';
import { auditPlace, auditPlaceOf } from './audit/keys.ts';
import { Ledger, ledger } from './audit/ledger.ts';
import { replayLedger } from './audit/ledger-replay.ts';
import { ledgerWatcher } from './audit/ledger-watcher.ts';
import { readings, readingsWriter } from './audit/readings.ts';
import { sealer } from './audit/sealer.ts';
import { conversationCalls } from './conversations/conversations.socket.ts';
import { closeRooms, enterRooms, followRights } from './conversations/rooms.ts';
import { feed } from './dashboards/feed.ts';
import { analyticsStore } from './dashboards/numbers.ts';
import { defineDepartments } from './departments/departments.model.ts';
import { Budgets, budgets } from './doors/budgets.ts';
import { createGraphqlDoor } from './doors/graphql.ts';
import { createHttpDoor } from './doors/http.ts';
import { NotReady, type Check } from './doors/health.ts';
import type { Interface } from './doors/interfaces.ts';
import { openSocketDoor } from './doors/socket.ts';
import { narrowAuthority } from './identity/authority.ts';
import { identityRoutes } from './identity/identity.http.ts';
import { installIdentity } from './identity/identity.ts';
import { sessionCrontab, sessionJobs } from './identity/session-jobs.ts';
import { createBroadcast } from './kernel/broadcast.ts';
import { cursorKey } from './kernel/cursors.ts';
import { guardWrites, type Database } from './kernel/database.ts';
import { Events } from './kernel/events.ts';
import { jobs } from './kernel/jobs.ts';
import { Lifecycle } from './kernel/lifecycle.ts';
import type { Logger } from './kernel/log.ts';
import { OutboxBell, watch } from './kernel/outbox.ts';
import { housekeeping, housekeepingCrontab } from './kernel/outbox-trim.ts';
import { Parts } from './kernel/parts.ts';
import { previewKey } from './kernel/preview.ts';
import { refusals, refusalsWriter } from './kernel/refusals.ts';
import type { House } from './kernel/work.ts';
import { Storage, storage } from './kernel/storage.ts';
import { announceSent, recallGuards } from './messages/messages.ts';
import { messageCalls } from './messages/messages.socket.ts';
import { deleteRevisions, revisionJobs } from './messages/revisions-task.ts';
import { pinCalls } from './pins/pins.socket.ts';
import { unpinRecalled } from './pins/pins.ts';
import { SendLane, sendLane } from './messages/send-lane.ts';
import { presenceCalls } from './presence/presence.socket.ts';
import { followSight, Presence, presence } from './presence/presence.ts';
import { Typing, typing } from './presence/typing.ts';
import { searchEngine } from './search/engine.ts';
import { searchWatcher } from './search/indexing.ts';
import { postgresIndex } from './search/postgres-index.ts';
import { searchCalls } from './search/search.socket.ts';
import { defineSettings } from './settings/settings.model.ts';
import { operatorSettings, settingGuards } from './settings/settings.ts';
import { defineUsers } from './users/users.model.ts';
import { taskRoutes } from './tasks/tasks.http.ts';
import { peopleKeys } from './users/people-keys.ts';
import { userCalls } from './users/users.socket.ts';

/*
 * The table of contents: every module, door, watcher and guard of the house, in order. Only wiring stands here.
 */

export const version = '0.1.0';

export type App = { house: House; start(): Promise<string>; stop(): Promise<void> };
export type AppOptions = {
  config: Config;
  db: Database;
  log: Logger;
  clickhouseUrl: string;
  /** Whether this process may serve at this moment; false while it has lost its lock. */
  mayServe?: (() => boolean) | undefined;
};

export const socketCalls = [
  ...conversationCalls,
  ...messageCalls,
  ...pinCalls,
  ...searchCalls,
  ...presenceCalls,
  ...userCalls,
];
export const routes = [...identityRoutes, ...taskRoutes, ...auditRoutes];

const interfaces: Interface[] = [
  { at: '/', folder: fileURLToPath(new URL('../clients/web/dist', import.meta.url)), name: 'The chat' },
  { at: '/admin/', folder: fileURLToPath(new URL('../admin-ui/dist', import.meta.url)), name: 'The console' },
];

/** Builds the house. Nothing runs and nothing listens before `start`, which answers with the address; a wiring mistake throws here. */
export function createApp({ config, db, log, clickhouseUrl, mayServe = () => true }: AppOptions): App {
  const broadcast = createBroadcast(log, config);
  const house: House = { db, log, events: new Events(log), broadcast, parts: new Parts(), bell: new OutboxBell() };
  const disk = house.parts.install(
    storage,
    new Storage(db, log, {
      places: [
        { directory: config.dataDir, holds: 'the data directory' },
        ...(config.auditDir ? [{ directory: config.auditDir, holds: 'the audit directory' }] : []),
      ],
      holdsDatabase: config.databaseUrl === null,
      floorBytes: config.diskFloorMb * 1_048_576,
    }),
  );
  const life = new Lifecycle(log, (error) => disk.note(error));
  const runs = (role: 'web' | 'worker') => config.roles.includes(role);

  for (const define of [defineSettings, defineUsers, defineDepartments, defineAccess, defineConversations])
    define(db.sequelize);
  guardWrites(db.sequelize);
  installIdentity(house, { ...config, version });

  const { parts } = house;
  parts.install(previewKey, Buffer.from(hkdfSync('sha256', config.secret, 'parley', 'preview token', 32)));
  const place = parts.install(auditPlace, auditPlaceOf(config.dataDir, config.auditDir));
  const book = parts.install(
    ledger,
    new Ledger(place.outside, Buffer.from(hkdfSync('sha256', config.secret, 'parley', 'ledger of revocations', 32))),
  );
  parts.install(operatorSettings, settingsInForce(config));
  parts.install(readings, new Map());
  parts.install(refusals, new Map());
  parts.install(budgets, new Budgets(config));
  parts.install(cursorKey, Buffer.from(hkdfSync('sha256', config.secret, 'parley', 'cursor', 32)));
  parts.install(recallGuards, [unpinRecalled]);
  parts.install(settingGuards, [deleteRevisions]);
  parts.install(rightsGuards, [narrowAuthority, closeRooms]);
  followRights(house);
  parts.install(searchEngine, postgresIndex);
  const store = parts.install(analyticsStore, openClickhouse(clickhouseUrl));
  const lane = parts.install(
    sendLane,
    new SendLane(db, log, (batch) => announceSent(house, batch), { cap: config.laneQueue, storage: disk }),
  );
  const states = parts.install(presence, new Presence(broadcast));
  followSight(house);
  const typists = parts.install(typing, new Typing(broadcast, house.events));

  const graphql = createGraphqlDoor({ house, schema: adminSchema(), config });
  const checks: Record<string, Check> = {
    disk: async () => {
      const trouble = await disk.trouble();
      if (trouble !== null) throw new NotReady('full', trouble);
    },
    'web lock': async () => {
      if (!mayServe()) throw new NotReady('failing', 'The connection that holds the web lock was lost.');
    },
  };
  const server = createHttpDoor({ house, config, routes, graphql: graphql.handler, interfaces, checks });
  const socketDoor = runs('web')
    ? openSocketDoor({
        house,
        server,
        config,
        calls: socketCalls,
        onConnect: [enterRooms(house), (seat) => states.arrive(seat)],
      })
    : null;

  return {
    house,

    async start() {
      // First of all: an older copy of the database must not let in whom it does not know to be out.
      await replayLedger(house, book);
      if (runs('web')) for (const thing of [lane, states, typists]) life.start(thing);
      life.start(disk);
      for (const writer of [readingsWriter(house), refusalsWriter(house)]) life.start(writer);
      if (runs('worker')) {
        life.start(sealer(house, place));
        life.start(peopleKeys(house));
        life.start(watch(db, house.bell, ledgerWatcher(book), log));
        life.start(watch(db, house.bell, searchWatcher(postgresIndex, log), log));
        life.start(feed(house, store, config.analyticsCheckSeconds * 1_000));
        const tasks = { ...housekeeping(db), ...auditJobs(house), ...revisionJobs(house), ...sessionJobs(house) };
        life.start(jobs(db, log, tasks, `${housekeepingCrontab}\n${sessionCrontab}`));
      }
      await graphql.start();
      server.listen(config.port, config.host);
      await once(server, 'listening');
      const { address, family, port } = server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },

    /** Doors first, so that nobody enters a house that is being left; then what runs in it, last started first. */
    async stop() {
      await socketDoor?.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
      await graphql.stop();
      await life.stop();
      await store.close();
    },
  };
}
