import { type BackendState, isUp, STATE_NAMES } from '../../core/backend-state.ts'
import type { Registry } from '../metrics/registry.ts'

/** Null: it does not say. */
interface EngineFigures {
  readonly running: number | null
  readonly waiting: number | null
  readonly kv_usage_ratio: number | null
}

export interface BackendReading {
  readonly name: string
  readonly state: BackendState
  readonly inflight: number
  /** A model of it is left alone for a while after failures. */
  readonly resting: boolean
  /** What its engine tells of itself; null where it does not. */
  readonly engine: EngineFigures | null
}

const ENGINE_GAUGES = [
  ['backend_running', 'Requests that the engine works on, whoever sent them; absent where it does not say.', 'running'],
  ['backend_waiting', 'Requests that wait in the engine; absent where it does not say.', 'waiting'],
  ['backend_kv_usage_ratio', "Used share of the engine's KV cache; absent where it does not say.", 'kv_usage_ratio'],
] as const

export function fleetMetrics(families: Registry, backends: () => readonly BackendReading[]): void {
  families.gauge('inflight_requests', 'Open calls of backends.', ['backend'], (read) => {
    for (const { name, inflight } of backends()) read(inflight, name)
  })
  families.gauge(
    'backend_up',
    '1 if the backend is there: it answers, or will as soon as it has room.',
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
  families.gauge('breaker_open', '1 while a model of the backend is ejected after failures.', ['backend'], (read) => {
    for (const { name, resting } of backends()) read(resting ? 1 : 0, name)
  })
}
