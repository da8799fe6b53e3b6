import type { PoolClient } from 'pg';
import type { Transaction } from 'sequelize';
import type { Permission } from '@parley/protocol/permissions.ts';
import { mayEnter, type Actor } from './actor.ts';
import { writeAudit, type AuditEntry } from './audit-log.ts';
import type { Broadcast, Seat } from './broadcast.ts';
import { now } from './clock.ts';
import { markAct, type Database, type RowChange } from './database.ts';
import { withDeadlockRetries } from './deadlocks.ts';
import { forbidden } from './errors.ts';
import type { Events, Happening } from './events.ts';
import { newId } from './ids.ts';
import type { Logger } from './log.ts';
import { writeEvents, type OutboxBell } from './outbox.ts';
import type { PartKey, Parts } from './parts.ts';

/** What one running server is made of; `app.ts` builds it. */
export type House = { db: Database; log: Logger; events: Events; broadcast: Broadcast; parts: Parts; bell: OutboxBell };

/** Where a request came in, for the log and the audit. */
export type Doorway = {
  door: string;
  address?: string | undefined;
  requestId?: string;
  userAgent?: string | undefined;
  /** The open connection a call came over. */
  seat?: Seat;
  /** The call is part of a request that was admitted as a whole: it is charged, and not refused by itself. */
  admitted?: true;
};

/** Everything an act would change, audit and announce. */
export type Plan = { changes: RowChange[]; audit: AuditEntry[]; events: Happening[] };

/**
 * One act. Verbs take it first: it knows the actor, reads and writes inside one transaction (begun at the first use, so that reading paths
 * cost none), and holds back what must only be heard once the change is durable.
 */
export type Work = {
  readonly house: House;
  readonly actor: Actor;
  readonly doorway: Required<Pick<Doorway, 'door' | 'requestId'>> & Doorway;
  /** One moment for the whole act. */
  readonly at: Date;
  readonly preview: boolean;
  readonly db: Database;
  use<T>(key: PartKey<T>): T;
  may(permission: Permission): boolean;
  require(permission: Permission): void;
  /** The id of the acting person; refuses strangers. The system has none and must not reach verbs that need a person. */
  person(): string;
  /** Rows of a statement inside the act's transaction. */
  sql<Row>(text: string, params?: unknown[]): Promise<Row[]>;
  /** The act's transaction, for models: `{ transaction: await work.transaction() }`. */
  transaction(): Promise<Transaction>;
  /** Writes down rows changed by `sql`, which no hook sees, for the plan. */
  changed(...changes: RowChange[]): void;
  /** This happened: to the outbox with the act, to listeners after commit. */
  record(type: string, payload: Record<string, unknown>): void;
  /** An audit line, written with the act. */
  audit(entry: Omit<AuditEntry, 'outcome'> & { outcome?: AuditEntry['outcome'] }): void;
  /** Sends to everyone in a room after commit, in order. */
  tell(room: string, event: string, payload: unknown): void;
  /**
   * Runs when nothing but the commit is left to do: for what must have happened outside the database before others see
   * the change.
   */
  beforeCommit(then: () => void): void;
  afterCommit(then: () => void): void;
  /** Takes back something done outside the database, should the act not be committed. */
  onRollback(undo: () => void): void;
};

export type WorkOptions = {
  doorway?: Doorway;
  preview?: boolean;
  /** Judges the finished plan inside the transaction; throwing rolls everything back. */
  judge?: (plan: Plan) => void;
  previewToken?: string;
};

class RolledBack extends Error {}

/**
 * Runs one act: change, audit entries and events commit together or not at all; announcing follows.
 * With `preview: true` the same act runs, its plan is collected, and everything is rolled back.
 */
export async function inWork<T>(
  house: House,
  actor: Actor,
  act: (work: Work) => Promise<T>,
  options: WorkOptions = {},
): Promise<T> {
  return (await runWork(house, actor, act, options)).result;
}

/**
 * As `inWork`, and also returns what the act did (or, in a preview, would do).
 * An act that loses a deadlock runs again from its beginning, with a new transaction and an empty plan. So an act does
 * outside the database only what it can take back (`onRollback`) or leaves until after the commit, and keeps nothing
 * between its runs in variables outside it.
 */
export async function runWork<T>(
  house: House,
  actor: Actor,
  act: (work: Work) => Promise<T>,
  options: WorkOptions = {},
): Promise<{ result: T; plan: Plan }> {
  const doorway = {
    ...options.doorway,
    door: options.doorway?.door ?? 'system',
    requestId: options.doorway?.requestId ?? newId(),
  };
  return withDeadlockRetries({ log: house.log, where: 'act' }, () =>
    runOnce(house, actor, act, { ...options, doorway }),
  );
}

async function runOnce<T>(
  house: House,
  actor: Actor,
  act: (work: Work) => Promise<T>,
  options: WorkOptions & { doorway: Work['doorway'] },
): Promise<{ result: T; plan: Plan }> {
  const plan: Plan = { changes: [], audit: [], events: [] };
  const before: (() => void)[] = [];
  const after: (() => void)[] = [];
  const undos: (() => void)[] = [];
  let transaction: Promise<Transaction> | undefined;
  const begin = () =>
    (transaction ??= house.db.sequelize.transaction().then((begun) => {
      markAct(begun, plan);
      return begun;
    }));
  const work: Work = {
    house,
    actor,
    doorway: options.doorway,
    at: new Date(now()),
    preview: options.preview ?? false,
    db: house.db,
    use: (key) => house.parts.use(key),
    may: (permission) => mayEnter(actor, permission),
    require(permission) {
      if (!mayEnter(actor, permission)) throw forbidden(`This needs the permission ${permission}.`);
    },
    person() {
      if (!actor.id) throw forbidden('Only a signed-in person can do this.');
      return actor.id;
    },
    async sql<Row>(text: string, params: unknown[] = []) {
      const result = await clientOf(await begin()).query(text, params);
      return result.rows as Row[];
    },
    transaction: begin,
    changed: (...changes) => void plan.changes.push(...changes),
    record: (type, payload) => void plan.events.push({ type, payload, actorId: actor.id }),
    audit: (entry) => void plan.audit.push({ outcome: 'done', ...entry }),
    tell: (room, event, payload) => void after.push(() => house.broadcast.toRoom(room, event, JSON.stringify(payload))),
    beforeCommit: (then) => void before.push(then),
    afterCommit: (then) => void after.push(then),
    onRollback: (undo) => void undos.push(undo),
  };
  let result: T;
  try {
    result = await act(work);
    if (plan.events.length > 0 || plan.audit.length > 0) {
      const client = clientOf(await begin());
      await writeEvents(client, plan.events);
      await writeAudit(client, work, plan.audit, options.previewToken);
    }
    if (options.preview) throw new RolledBack();
    options.judge?.(plan);
    for (const then of before) then();
    if (transaction) await (await transaction).commit();
  } catch (error) {
    for (const undo of undos.reverse()) undo();
    if (transaction) await rollBack(await transaction.catch(() => undefined));
    if (error instanceof RolledBack) return { result: result!, plan };
    throw error;
  }
  for (const then of after) then();
  if (plan.events.length > 0) {
    house.events.announce(plan.events);
    house.bell.ring();
  }
  return { result, plan };
}

const clientOf = (transaction: Transaction): PoolClient =>
  (transaction as unknown as { connection: PoolClient }).connection;

/** A transaction whose connection is gone, or whose commit was cut off, has nothing left to roll back. */
async function rollBack(transaction: Transaction | undefined): Promise<void> {
  try {
    if (transaction && !(transaction as unknown as { finished?: string }).finished) await transaction.rollback();
  } catch {
    // The server rolls back by itself when the connection drops.
  }
}
