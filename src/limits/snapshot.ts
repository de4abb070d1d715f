/** What was counted, as JSON, and back: budgets outlive a restart. */
import { z } from 'zod'
import { ENTITIES, PERIODS } from '../core/principal.ts'

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

interface Counting {
  changed: boolean
  snapshot(seq: number): LimitsSnapshot
  restore(snapshot: LimitsSnapshot): void
}

/** For the file of what was counted. `seq`: of the last row of the ledger; `loaded` gets the one that was counted last. */
export const keptCounts = (limiter: Counting, seq: () => number, loaded: (seq: number) => void) =>
  ({
    name: 'budgets',
    everyMs: 1_000,
    changed: () => {
      const { changed } = limiter
      limiter.changed = false
      return changed
    },
    give: () => limiter.snapshot(seq()),
    take: (value: unknown): string | null => {
      const read = snapshotSchema.safeParse(value)
      if (!read.success) return `is not of version 1: ${read.error.issues[0]?.path.join('.') ?? ''}`
      limiter.restore(read.data)
      loaded(read.data.seq)
      return null
    },
  }) as const
