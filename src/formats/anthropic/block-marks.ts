/** Marks behind which a prompt is kept. Pure. */
import type { JsonObject } from '../../core/json.ts'

/** At most an hour is kept; what should be kept for longer than the usual five minutes is kept for that. */
export const cacheControl = (ttl: string | null): JsonObject =>
  ttl === null || ttl === '5m' ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: '1h' }

export const isMarked = (block: JsonObject): boolean => block['cache_control'] !== undefined

export const withoutMark = (block: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(block).filter(([name]) => name !== 'cache_control'))
