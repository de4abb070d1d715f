/**
 * What a request costs the others: prompt tokens that an engine has to read keep it from the prompts behind them, the more so the busier all
 * replicas together are. Added to what the request itself waits for, it sends a prompt to where most of it is kept while they are
 * busy, and to the idlest while they are not. Source: reference on routing, section 4.4. Pure.
 */
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { flowOf } from '../learn/flow.ts'
import { prefillRateOf } from '../learn/latency.ts'
import { isLocal } from './local.ts'
import type { Estimated } from './estimated.ts'

/** Weight of the price. Any from .5 to 4 does as well. */
const PRICE = 1
/** Above it replicas are taken to be as busy as this: the price has no end otherwise. */
const MOST_BUSY = 0.97

/** By group of replicas: prompt tokens that are sent to them in a second, that they read, and how many they are. Grow with the largest field. */
let flows = new Float64Array(64)
let rates = new Float64Array(64)
let counts = new Float64Array(64)

/** Fills in the price of each row, in ms. */
export function predictCongestion(rows: Float64Array, { targets, live, rota, seats, now }: Estimated): void {
  if (rota === null) {
    for (const row of live) rows[row * COLUMNS + COLUMN.congestion] = 0
    return
  }
  const { groups, sizes } = rota
  if (flows.length < sizes.length) {
    flows = new Float64Array(2 * sizes.length)
    rates = new Float64Array(2 * sizes.length)
    counts = new Float64Array(2 * sizes.length)
  }
  flows.fill(0, 0, sizes.length)
  rates.fill(0, 0, sizes.length)
  counts.fill(0, 0, sizes.length)
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const { deployment } = targets[row]!
    // A cloud has more engines than anybody fills. Replicas are of one kind.
    if (!isLocal(deployment)) continue
    const group = groups[seats[row]!]!
    flows[group]! += flowOf(deployment.latency.flow, now)
    rates[group]! += prefillRateOf(deployment.latency)
    counts[group]!++
  }
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const group = groups[seats[row]!]!
    if (flows[group] === 0) {
      rows[at + COLUMN.congestion] = 0
      continue
    }
    const fresh = rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!
    const busy = Math.min(MOST_BUSY, flows[group]! / rates[group]!)
    rows[at + COLUMN.congestion] = (1000 * PRICE * busy * fresh * counts[group]!) / ((1 - busy) * rates[group]!)
  }
}
