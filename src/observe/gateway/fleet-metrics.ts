import { type BackendState, isUp, STATE_NAMES } from '../../core/backend-state.ts'
import type { Registry } from '../metrics/registry.ts'

export interface BackendReading {
  readonly name: string
  readonly state: BackendState
  readonly inflight: number
  /** A model of it is left alone for a while after failures. */
  readonly resting: boolean
}

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
  families.gauge('breaker_open', '1 while a model of the backend is ejected after failures.', ['backend'], (read) => {
    for (const { name, resting } of backends()) read(resting ? 1 : 0, name)
  })
}
