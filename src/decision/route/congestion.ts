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
  for (let place = 0; place < live.length; place++) flows[groups[seats[live[place]!]!]!] = 0
  for (let place = 0; place < live.length; place++) rates[groups[seats[live[place]!]!]!] = 0
  for (let place = 0; place < live.length; place++) counts[groups[seats[live[place]!]!]!] = 0
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const { latency } = targets[row]!.deployment
    const group = groups[seats[row]!]!
    flows[group]! += flowOf(latency.flow, now)
    rates[group]! += prefillRateOf(latency)
    counts[group]!++
  }
  for (let place = 0; place < live.length; place++) {
    const row = live[place]!
    const at = row * COLUMNS
    const group = groups[seats[row]!]!
    const fresh = rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!
    const busy = Math.min(MOST_BUSY, flows[group]! / rates[group]!)
    const price = (PRICE * busy * fresh * counts[group]!) / ((1 - busy) * rates[group]!)
    rows[at + COLUMN.congestion] = isLocal(targets[row]!.deployment) ? 1000 * price : 0
  }
}
