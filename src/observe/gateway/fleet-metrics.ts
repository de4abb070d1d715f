import { type BackendState, isUp, STATE_NAMES } from '../../core/backend-state.ts'
import type { Registry } from '../metrics/registry.ts'
import type { ProcessReading } from './engine-metrics.ts'

/** Null: it does not say. */
interface EngineFigures {
  readonly running: number | null
  readonly waiting: number | null
  readonly kv_usage_ratio: number | null
}

/** Of a backend with limits of its own. */
export interface GateReading {
  /** Requests that it had no place for, by why. */
  readonly refused: ReadonlyMap<string, number>
  /** One of each of its keys; `key` null: it has one, or none. */
  readonly lanes: readonly { readonly key: { readonly name: string } | null; readonly rests: number }[]
}

export interface BackendReading {
  readonly name: string
  readonly state: BackendState
  readonly inflight: number
  readonly queued: number
  readonly gate: GateReading | null
  /** When its state began and is over: epoch, ms; `untilMs` null: nobody knows. */
  readonly sinceMs: number
  readonly untilMs: number | null
  /** Its engine, where the gateway starts it. */
  readonly process?: ProcessReading | null
  /** A model of it is left alone for a while after failures. */
  readonly resting: boolean
  /** What its engine tells of itself; null where it does not. */
  readonly engine: EngineFigures | null
}

const ENGINE_GAUGES = [
  [
    'backend_running',
    'Requests running in the engine, including those from other clients; absent if it does not report them.',
    'running',
  ],
  ['backend_waiting', 'Requests queued in the engine; absent if it does not report them.', 'waiting'],
  [
    'backend_kv_usage_ratio',
    "Share of the engine's KV cache in use; absent if it does not report it.",
    'kv_usage_ratio',
  ],
] as const

export function fleetMetrics(families: Registry, backends: () => readonly BackendReading[]): void {
  families.gauge('inflight_requests', 'Open calls of backends.', ['backend'], (read) => {
    for (const { name, inflight } of backends()) read(inflight, name)
  })
  families.gauge(
    'backend_up',
    '1 if the backend is up: it answers, or will as soon as it has capacity.',
    ['backend'],
    (read) => {
      for (const { name, state } of backends()) read(isUp(state) ? 1 : 0, name)
    },
  )
  families.gauge('backend_state', '1 for the state that the backend is in.', ['backend', 'state'], (read) => {
    for (const { name, state } of backends()) for (const one of STATE_NAMES) read(one === state ? 1 : 0, name, one)
  })
  for (const [name, doc, figure] of ENGINE_GAUGES)
    families.gauge(name, doc, ['backend'], (read) => {
      // No series says that it is unknown; zero would say that there is nothing.
      for (const { name: backend, engine } of backends()) {
        const value = engine?.[figure] ?? null
        if (value !== null) read(value, backend)
      }
    })
  families.gauge('backend_state_since_timestamp_seconds', 'When the state began.', ['backend'], (read) => {
    for (const { name, sinceMs } of backends()) read(sinceMs / 1000, name)
  })
  families.gauge(
    'backend_state_until_timestamp_seconds',
    'When the state ends, or a rejected key is tried again; absent if unknown.',
    ['backend'],
    (read) => {
      for (const { name, untilMs } of backends()) if (untilMs !== null) read(untilMs / 1000, name)
    },
  )
  families.gauge('breaker_open', '1 while a model of the backend is ejected after failures.', ['backend'], (read) => {
    for (const { name, resting } of backends()) read(resting ? 1 : 0, name)
  })
  families.gauge(
    'backend_queue_length',
    'Requests in the queue of a backend with limits of its own.',
    ['backend'],
    (read) => {
      for (const { name, queued, gate } of backends()) if (gate !== null) read(queued, name)
    },
  )
  families.countOf(
    'backend_queue_refused_total',
    'Requests that got no place at a backend with limits of its own: its queue was full, the wait too long or the deadline too near, or it failed while they waited. They may have been served elsewhere.',
    ['backend', 'reason'],
    (read) => {
      for (const { name, gate } of backends())
        for (const [reason, count] of gate?.refused ?? []) read(count, name, reason)
    },
  )
  families.countOf(
    'backend_key_rests_total',
    'How often one of several keys of a backend was refused and rested for a while, by the name or position of the key.',
    ['backend', 'key'],
    (read) => {
      for (const { name, gate } of backends())
        for (const { key, rests } of gate?.lanes ?? []) if (key !== null) read(rests, name, key.name)
    },
  )
}
