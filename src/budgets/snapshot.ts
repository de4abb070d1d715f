/** What was counted, as JSON, and back: budgets outlive a restart. */
import { z } from 'zod'
import { ENTITIES, PERIODS } from '../core/budget.ts'

const amount = z.number().nonnegative()
const count = z.strictObject({
  name: z.string(),
  of: z.enum(ENTITIES),
  per: z.enum(PERIODS),
  id: z.string(),
  /** Of its window, epoch ms. */
  endsAt: amount,
  nanoUsd: amount,
  tokens: amount,
  requests: amount,
  pressure: amount,
})

export const snapshotSchema = z.strictObject({
  version: z.literal(1),
  /** The last row of the ledger that is counted; later ones are not. */
  seq: amount,
  counts: z.array(count),
})

export type SavedCount = z.output<typeof count>
export type LimitsSnapshot = z.output<typeof snapshotSchema>

/** To write a count takes a few microseconds, of all callers: many are written less often. What came after it is in the ledger. */
const MS_EACH = 1

interface Counting {
  changed: boolean
  /** Something has changed that is not in the ledger. */
  urgent: boolean
  /** How many there are. */
  readonly size: number
  snapshot(seq: number): LimitsSnapshot
  restore(snapshot: LimitsSnapshot): void
}

export interface KeptTools {
  /** Of the last row of the ledger. */
  readonly seq: () => number
  /** Gets that of the last row that was counted before. */
  readonly loaded: (seq: number) => void
  /** Ms. */
  readonly now?: () => number
}

/** For the file of what was counted. */
export function storedCounts(limiter: Counting, { seq, loaded, now = Date.now }: KeptTools) {
  let writtenAt = -Infinity
  return {
    name: 'budgets',
    everyMs: 1_000,
    changed: () => {
      if (!limiter.changed) return false
      if (!limiter.urgent && now() - writtenAt < limiter.size * MS_EACH) return false
      limiter.changed = limiter.urgent = false
      return true
    },
    serialize: () => {
      writtenAt = now()
      return limiter.snapshot(seq())
    },
    restore: (value: unknown): string | null => {
      const read = snapshotSchema.safeParse(value)
      if (!read.success) return `is not of version 1: ${read.error.issues[0]?.path.join('.') ?? ''}`
      limiter.restore(read.data)
      loaded(read.data.seq)
      return null
    },
  } as const
}
