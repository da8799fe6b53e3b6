import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What `/metrics` shows (Prometheus text format). Names start with `parley_`; labels never hold ids, names or text. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry, prefix: 'parley_' });

export const operations = new Counter({
  name: 'parley_operations_total',
  help: 'Operations by door, name and outcome',
  labelNames: ['door', 'operation', 'outcome'],
  registers: [registry],
});
export const operationSeconds = new Histogram({
  name: 'parley_operation_seconds',
  help: 'Seconds an operation took',
  labelNames: ['door'],
  buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  registers: [registry],
});
export const connections = new Gauge({
  name: 'parley_connections',
  help: 'Open socket connections',
  registers: [registry],
});
export const cutConnections = new Counter({
  name: 'parley_connections_cut_total',
  help: 'Connections closed because they did not read',
  registers: [registry],
});
export const deliveries = new Counter({
  name: 'parley_deliveries_total',
  help: 'Frames owed to connections',
  registers: [registry],
});
export const laneBatch = new Histogram({
  name: 'parley_lane_batch',
  help: 'Acts committed together by a lane',
  labelNames: ['lane'],
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  registers: [registry],
});
export const laneWaiting = new Gauge({
  name: 'parley_lane_waiting',
  help: 'Acts waiting in a lane',
  labelNames: ['lane'],
  registers: [registry],
});
export const deadlocks = new Counter({
  name: 'parley_deadlocks_total',
  help: 'Transactions that lost a deadlock and ran again',
  labelNames: ['where'],
  registers: [registry],
});
export const diskFreeBytes = new Gauge({
  name: 'parley_disk_free_bytes',
  help: 'Bytes free where the server writes, by what lies there',
  labelNames: ['directory'],
  registers: [registry],
});
export const storageFullGauge = new Gauge({
  name: 'parley_storage_full',
  help: '1 while messages are refused because the disk is full',
  registers: [registry],
});
export const watcherLag = new Gauge({
  name: 'parley_watcher_lag_seconds',
  help: 'Age of the oldest event a watcher has not taken yet',
  labelNames: ['watcher'],
  registers: [registry],
});
export const watcherEvents = new Counter({
  name: 'parley_watcher_events_total',
  help: 'Events a watcher has taken',
  labelNames: ['watcher'],
  registers: [registry],
});
