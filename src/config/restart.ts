/** What becomes of each option when another configuration comes while the process runs. Every option of the schema is in one of the two lists. */
import { isDeepStrictEqual } from 'node:util'
import type { ProcessSettings } from '../core/settings.ts'

/** Counts after a restart only: the option, and where its value is. One that is a map stands for all that is in it. */
export const NEEDS_RESTART: Readonly<Record<string, (settings: ProcessSettings) => unknown>> = {
  'server.host': ({ server }) => server.host,
  'server.port': ({ server }) => server.port,
  'server.hosts': ({ server }) => server.hosts,
  'server.cors': ({ server }) => server.cors,
  'server.auth': ({ server }) => server.auth,
  'server.drain': ({ server }) => server.drainMs,
  'server.log': ({ server }) => server.log,
  'server.log_level': ({ server }) => server.logLevel,
  'server.log_decisions': ({ server }) => server.logDecisions,
  'server.trust_proxy': ({ server }) => server.trustProxy,
  'upstream.client': ({ upstream }) => upstream.client,
  'discovery.lan': ({ lan }) => lan,
  'limits.body': ({ bodies }) => bodies.bodyBytes,
  'limits.bodies': ({ bodies }) => bodies.bodiesBytes,
  'store.state': ({ store }) => store.state,
  'store.ledger': ({ store }) => store.ledger?.folder,
  'store.ledger_keep': ({ store }) => store.ledger?.keepMs,
  'store.ledger_max': ({ store }) => store.ledger?.maxBytes,
  'store.keys': ({ store }) => store.keys,
  'store.redis': ({ store }) => store.redis,
  'store.answers': ({ store }) => JSON.stringify(store.answers.place),
  'store.answers_max': ({ store }) => store.answers.maxBytes,
  admin: ({ admin }) => admin,
  telemetry: ({ telemetry }) => telemetry,
}

/** Counts at once, for requests that begin from then on: what policy.ts is built of. */
export const SWAPPED: readonly string[] = [
  'backends',
  'engine_groups',
  'models',
  'routes',
  'keys',
  'budgets',
  'limits.connect',
  'limits.headers',
  'limits.ttft',
  'limits.load',
  'limits.idle',
  'limits.total',
  'limits.attempts',
  'limits.keep_alive',
  'limits.buffer',
  'discovery.interval',
  'discovery.retry',
  'discovery.timeout',
  'discovery.poll',
  'learning',
]

/** The options that differ and count after a restart only. */
export const restartNeeded = (before: ProcessSettings, after: ProcessSettings): string[] =>
  Object.entries(NEEDS_RESTART)
    .filter(([, value]) => !isDeepStrictEqual(value(before), value(after)))
    .map(([option]) => option)
