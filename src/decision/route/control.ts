/**
 * What becomes of the requests of a control group: of the candidates that are able and well any one goes first, each deployment as likely
 * as the others, at any of its efforts. A conversation comes to the same one again as long as that is able (the highest of
 * their lots), so agents are not thrown about between turns. Pure.
 */
import { lotOf } from '../../core/lot.ts'
import type { Trial } from '../../core/trial.ts'
import type { Field, Ranked } from './field.ts'
import { chanceOf, doubtsOf, type Pick } from './pick.ts'

export interface Controlled {
  readonly trial: Trial
  /** What is treated alike: a conversation, or a request that stands alone. */
  readonly unit: string
  /** Without a control group another one than the best might have gone first. */
  readonly explores: boolean
  /** How likely the gateway then had chosen the effort as well. */
  readonly chosen: number
}

/** `order`: as the gateway's own choice has it, of one candidate at least. Those behind the first stay as they are. */
export function unchosen(order: readonly number[], field: Field, { trial, unit, explores, chosen }: Controlled): Pick {
  const able = ableOf(order, field)
  const place = highest(able, field, ({ deployment }) => `${unit} ${deployment.id}`)
  const { deployment } = field.candidates[place]!
  const efforts = able.filter((row) => field.candidates[row]!.deployment === deployment)
  const drawn = highest(efforts, field, ({ effort }) => `${unit} ${deployment.id} ${effort}`)
  const rest = order.filter((row) => field.candidates[row]!.deployment !== deployment)
  const usual = explores ? chanceOf(drawn, order[0]!, field, doubtsOf(order, field)) : Number(drawn === order[0])
  return { order: [drawn, ...rest], explored: false, propensity: mixed(drawn, able, usual * chosen, field, trial) }
}

/** The choice of the gateway itself, where it might have been one of the control group. */
export const chosenBeside = (pick: Pick, field: Field, trial: Trial): Pick => {
  const [first] = pick.order
  if (first === undefined) return pick
  return { ...pick, propensity: mixed(first, ableOf(pick.order, field), pick.propensity, field, trial) }
}

/** Those against which no more is known than against the best, at each effort. */
function ableOf(order: readonly number[], { live, troubles }: Field): readonly number[] {
  let least = Infinity
  for (const row of order) least = Math.min(least, troubles[row]!)
  return live.filter((row) => troubles[row]! <= least)
}

/** How likely `row` goes first: `usual` where the request is in no control group, by lot where it is. */
function mixed(row: number, able: readonly number[], usual: number, { candidates }: Field, { share }: Trial): number {
  const own = candidates[row]!.deployment
  const efforts = able.filter((one) => candidates[one]!.deployment === own).length
  const deployments = new Set(able.map((one) => candidates[one]!.deployment)).size
  const byLot = able.includes(row) ? 1 / (deployments * efforts) : 0
  return (1 - share) * usual + share * byLot
}

function highest(rows: readonly number[], { candidates }: Field, nameOf: (candidate: Ranked) => string): number {
  let first = rows[0]!
  let most = -1
  for (const row of rows) {
    const lot = lotOf(nameOf(candidates[row]!))
    if (lot <= most) continue
    most = lot
    first = row
  }
  return first
}
