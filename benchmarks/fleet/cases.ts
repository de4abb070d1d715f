/** What is replayed, and what it may come to. */
import { type LoadChange } from '../../src/simulate/conditions.ts'
import type { Setting } from '../../src/simulate/run.ts'
import type { Compared } from '../../src/simulate/compared.ts'

export const FLEETS = ['6x1', '4x1', '2,2,1,1,.5,.5', '2,1,.5,.5'] as const

export interface Condition {
  readonly name: string
  readonly says: string
  readonly load: LoadChange
  readonly setting: Pick<Setting, 'gateways' | 'models' | 'scrapeSeconds' | 'stale' | 'deaths'>
}

const LOAD: LoadChange = { rate: 1, burst: null, limit: null }
const SETTING: Condition['setting'] = { gateways: 1, models: 1, scrapeSeconds: 1, stale: false, deaths: [] }

export const CONDITIONS: readonly Condition[] = [
  { name: 'plain', says: 'as recorded; loads are as they are', load: LOAD, setting: SETTING },
  {
    name: 'stale 1s',
    says: 'loads that engines tell are up to 1 s old',
    load: LOAD,
    setting: { ...SETTING, stale: true },
  },
  {
    name: 'stale 5s',
    says: 'up to 5 s old',
    load: LOAD,
    setting: { ...SETTING, scrapeSeconds: 5, stale: true },
  },
  { name: 'untold', says: 'engines tell nothing', load: LOAD, setting: { ...SETTING, scrapeSeconds: null } },
  {
    name: 'two gateways',
    says: 'each sees half of the requests, and engines 1 s late',
    load: LOAD,
    setting: { ...SETTING, gateways: 2, stale: true },
  },
  {
    name: 'burst',
    says: 'for 30 s in the middle three times as many requests',
    load: { ...LOAD, burst: { times: 3, seconds: 30 } },
    setting: SETTING,
  },
  {
    name: 'death',
    says: 'the first engine is away from minute 20 to 22, and comes back empty',
    load: LOAD,
    setting: { ...SETTING, deaths: [{ place: 0, at: 1200, seconds: 120 }] },
  },
]

/** What a policy came to under a condition, by fleet. */
export interface Case {
  readonly condition: string
  readonly fleet: string
  readonly policies: readonly Compared[]
}

export interface Aim {
  readonly says: string
  readonly figure: number
  readonly aim: number
}

/** Mean TTFT of `turnout`, against the best that a formula was known to reach which is told the speeds. */
const AIMS: Readonly<Record<string, number>> = { '6x1': 1.93, '4x1': 11.9, '2,2,1,1,.5,.5': 1.33 }

export const aimsOf = (cases: readonly Case[]): readonly Aim[] =>
  cases.flatMap(({ condition, fleet, policies }) => {
    const aim = AIMS[fleet]
    const figure = policies.find(({ policy }) => policy === 'turnout')?.ttft_mean_s ?? null
    if (condition !== 'plain' || aim === undefined || figure === null) return []
    return [{ says: `${fleet}, mean TTFT of turnout in s`, figure, aim }]
  })
