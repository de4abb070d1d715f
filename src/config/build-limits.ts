/** What a backend is sent at the most, and by which keys, as the gateway works with it. */
import { valuesOf } from '../core/options/option.ts'
import { LANE_LIMITS } from '../core/options/options.ts'
import type { BackendKey, BackendLimits } from '../core/settings.ts'
import { DEFAULT_QUEUE } from './defaults.ts'
import type { ConfigFile } from './schema.ts'

type BackendFile = ConfigFile['backends'][number]

/** Without those that are empty: the variable of one is not set. */
export const toBackendKeys = (keys: NonNullable<BackendFile['keys']>): readonly BackendKey[] =>
  keys.flatMap((input, at): BackendKey[] => {
    const { key, name, ...limits } = typeof input === 'string' ? { key: input } : input
    return key === '' ? [] : [{ name: name ?? String(at + 1), secret: key, ...valuesOf(LANE_LIMITS, limits) }]
  })

export const toBackendLimits = (limits: BackendFile['limits']): BackendLimits | null =>
  limits === undefined
    ? null
    : {
        ...valuesOf(LANE_LIMITS, limits),
        queue: limits.queue ?? DEFAULT_QUEUE.queue,
        queues: limits.queue !== undefined,
        queueWaitMs: limits.queue_wait ?? DEFAULT_QUEUE.queueWaitMs,
      }
