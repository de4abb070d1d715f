/** What an engine is doing, as /health shows it. Null: it does not say. */
import type { EngineReading } from '../../core/engine-reading.ts'

export interface EngineStatus {
  readonly running: number | null
  readonly waiting: number | null
  readonly kv_usage_ratio: number | null
  readonly slots: number | null
  readonly sleeping: boolean | null
  /** Names of models. */
  readonly loaded: readonly string[] | null
  readonly loading: readonly string[] | null
  readonly version: string | null
  /** How long ago something of it was read last. */
  readonly read_ms_ago: number | null
}

/** `now`: the fleet's clock. */
export function engineStatus(reading: EngineReading, now: number): EngineStatus {
  const { at, modelsAt, running, waiting, kv, slots, sleeping, models, version } = reading
  const readAt = Math.max(at ?? -Infinity, modelsAt ?? -Infinity)
  const named = (flag: 'loaded' | 'loading'): string[] | null =>
    models === null ? null : [...models].filter(([, model]) => model[flag] === true).map(([id]) => id)
  return {
    running,
    waiting,
    kv_usage_ratio: kv,
    slots,
    sleeping,
    loaded: named('loaded'),
    loading: named('loading'),
    version,
    read_ms_ago: readAt === -Infinity ? null : Math.max(0, Math.round(now - readAt)),
  }
}
