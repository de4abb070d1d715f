import { loadOf } from '../../src/core/load.ts'
import type { Field } from '../../src/decision/route/field.ts'
import { COLUMN, COLUMNS } from '../../src/core/terms.ts'
import { deployment, live } from './factories.ts'

/** A field with these utilities, and what else is told of each. */
export function fieldOf(
  all: readonly {
    readonly utility: number
    readonly success?: number
    readonly doubt?: number
    readonly trouble?: number
    readonly inflight?: number
    readonly calls?: number
  }[],
): Field {
  const rows = new Float64Array(all.length * COLUMNS)
  const candidates = all.map(({ utility, success = 0.7, doubt = 0.1, inflight = 0, calls = 0 }, row) => {
    rows[row * COLUMNS + COLUMN.utility] = utility
    rows[row * COLUMNS + COLUMN.success] = success
    rows[row * COLUMNS + COLUMN.uncertainty] = doubt
    return deployment(`b${row}/m${row}`, { live: live({ load: loadOf(inflight) }), health: { calls } }).targets[0]!
  })
  const troubles = all.map(({ trouble = 0 }) => trouble)
  return { candidates, live: [...all.keys()], rows, troubles, rota: null, seats: [...all.keys()], key: null }
}
