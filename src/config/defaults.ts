/** Every default of the configuration, in one place. Durations in ms, sizes in bytes. */
import type { AdminSpec, BodyLimits, Config, EngineGroupSpec, Limits, TelemetrySpec } from '../core/settings.ts'

export const DEFAULT_LIMITS: Limits = {
  connectMs: 2_000,
  headersMs: 10_000,
  ttftMs: 20_000,
  loadMs: 300_000,
  idleMs: 30_000,
  totalMs: 600_000,
  attempts: 3,
  keepAliveMs: 15_000,
  bufferBytes: 16 * 1024 * 1024,
}

/** Of a backend with limits. */
export const DEFAULT_QUEUE = { queue: 64, queueWaitMs: 30_000 }
/** Each of them is looked at when a place becomes free. */
export const MOST_WAITING = 10_000

export const DEFAULT_BODIES: BodyLimits = { bodyBytes: 32 * 1024 * 1024, bodiesBytes: 512 * 1024 * 1024 }

export const DEFAULT_SERVER: Config['server'] = {
  host: '127.0.0.1',
  port: 7070,
  hosts: [],
  cors: { origins: ['loopback'], headers: ['*'], maxAgeMs: 600_000 },
  drainMs: 30_000,
  auth: 'keys',
  log: null,
  logLevel: 'info',
  logDecisions: 'sampled',
  trustProxy: false,
}

/** One at a time, as on one GPU. */
export const DEFAULT_ENGINE_GROUP: EngineGroupSpec & { readonly members: number } = {
  members: 1,
  memoryBytes: null,
  turnMs: 30_000,
}

export const DEFAULT_UPSTREAM: Config['upstream'] = { client: 'lean' }

export const DEFAULT_DISCOVERY: Config['discovery'] = {
  intervalMs: 30_000,
  retryMs: 2_000,
  timeoutMs: 5_000,
  pollMs: 1_500,
}

export const DEFAULT_ADMIN: Pick<AdminSpec, 'host' | 'port'> = { host: '127.0.0.1', port: 7071 }

export const DEFAULT_TELEMETRY: Pick<TelemetrySpec, 'serviceName' | 'intervalMs'> = {
  serviceName: 'turnout',
  intervalMs: 30_000,
}

export const DEFAULT_LEDGER = { keepMs: 90 * 86_400_000, maxBytes: 10 * 1024 ** 3 }

export const DEFAULT_ANSWERS: Config['store']['answers'] = { place: 'memory', maxBytes: 64 * 1024 ** 2 }

/** Nothing outlives the process. */
export const NO_STORE: Config['store'] = {
  state: null,
  ledger: null,
  keys: null,
  redis: null,
  answers: DEFAULT_ANSWERS,
}

/** Share of a budget at which somebody is told. */
export const DEFAULT_SOFT = 0.8
