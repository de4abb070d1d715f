/** All policies over all conditions and fleets, some seeds each. */
import { createReadStream } from 'node:fs'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { atOnce } from '../../src/core/slices.ts'
import { type Compared, comparedOf } from '../../src/simulate/compared.ts'
import { changedLoad } from '../../src/simulate/conditions.ts'
import { fleetOf, type Member } from '../../src/simulate/fleet-spec.ts'
import type { SimulatedPolicy } from '../../src/simulate/policies.ts'
import { simulate } from '../../src/simulate/run.ts'
import { configText } from '../../src/simulate/settings.ts'
import { traceOf, type TraceRequest } from '../../src/simulate/trace.ts'
import { linesOf } from '../../src/store/lines.ts'
import type { Case, Condition } from './cases.ts'

export interface Bench {
  readonly trace: readonly TraceRequest[]
  readonly conditions: readonly Condition[]
  readonly fleets: readonly string[]
  readonly policies: readonly SimulatedPolicy[]
  readonly seeds: readonly number[]
}

export const readTrace = (file: string): Promise<readonly TraceRequest[]> =>
  traceOf(linesOf(createReadStream(file, { highWaterMark: 1 << 20 })))

/** `done`: called with each case. */
export async function bench(
  { trace, conditions, fleets, policies, seeds }: Bench,
  done: (one: Case) => void,
): Promise<readonly Case[]> {
  const providers = await loadProviders()
  const cases: Case[] = []
  for (const { name, load, setting } of conditions)
    for (const text of fleets) {
      const fleet = membersOf(text)
      const { config } = parseConfig(configText(fleet, setting.models), {}, providers)
      const requests = changedLoad(trace, load)
      const compare = ({ name: policy, newRouter }: SimulatedPolicy): Compared =>
        comparedOf(
          policy,
          seeds.map((seed) => atOnce(simulate({ ...setting, trace: requests, fleet, seed }, newRouter(fleet, config)))),
        )
      const one = { condition: name, fleet: text, policies: policies.map(compare) }
      cases.push(one)
      done(one)
    }
  return cases
}

function membersOf(text: string): readonly Member[] {
  const fleet = fleetOf(text)
  if (typeof fleet === 'string') throw new Error(`${text}: ${fleet}`)
  return fleet
}
