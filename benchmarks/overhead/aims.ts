/** What everything may cost, and whether it is so. */
import type { ConfigurationName } from './configurations.ts'
import { baseOf } from './contenders.ts'
import { type Figures, median } from './figures.ts'
import type { ScenarioName } from './scenarios.ts'
import { cpuGrowth, memoryGrowthMb } from './soak.ts'
import { layout } from './table.ts'

type Read = (name: ConfigurationName, figuresOf: (name: ConfigurationName) => Figures | undefined) => number | undefined

interface Aim {
  readonly says: string
  readonly of: ConfigurationName
  readonly read: Read
  /** It is met where the figure is no more than this. */
  readonly most: number
  readonly unit: 'x' | 'kB' | 'MB' | 'ms'
}

/** CPU as a multiple of the empty Fastify proxy's. */
const cpu =
  (scenario: ScenarioName): Read =>
  (name, figuresOf) =>
    figuresOf(name)?.cpuMicros[scenario]?.ratio ?? undefined

/** CPU of a request in the closed loop as a multiple of that with other candidates, round by round. */
const against =
  (other: ConfigurationName): Read =>
  (name, figuresOf) => {
    const own = figuresOf(name)?.cpuMicros.chat?.rounds
    const others = figuresOf(other)?.cpuMicros.chat?.rounds
    if (own === undefined || others === undefined) return undefined
    return median(own.map((figure, round) => figure / (others[round] ?? Number.NaN)))
  }

const figure =
  (read: (figures: Figures) => number | undefined): Read =>
  (name, figuresOf) => {
    const figures = figuresOf(name)
    return figures === undefined ? undefined : read(figures)
  }

const AIMS: readonly Aim[] = [
  { says: 'CPU per 1 kB request, 32 connections', of: 'auto8', read: cpu('chat'), most: 1.8, unit: 'x' },
  { says: 'CPU per 1 kB request, 32 connections', of: 'named8', read: cpu('chat'), most: 1.6, unit: 'x' },
  { says: 'CPU per 1 kB request, 32 connections', of: 'turnout', read: cpu('chat'), most: 1.5, unit: 'x' },
  { says: 'CPU per 1 kB request, 1,000/s, Poisson', of: 'auto8', read: cpu('poisson'), most: 2, unit: 'x' },
  { says: 'CPU per paced chunk, 200 streams', of: 'auto8', read: cpu('paced200'), most: 0.85, unit: 'x' },
  { says: 'CPU per unpaced chunk', of: 'auto8', read: cpu('unpaced'), most: 1.1, unit: 'x' },
  { says: 'CPU per 400 kB prompt', of: 'auto8', read: cpu('prompt'), most: 1.5, unit: 'x' },
  {
    says: 'garbage per request',
    of: 'auto8',
    read: figure(({ garbageKb }) => garbageKb?.all.median),
    most: 25,
    unit: 'kB',
  },
  {
    says: 'RSS idle, after the other loads',
    of: 'auto8',
    read: figure(({ memoryMb }) => memoryMb?.idle.median),
    most: 100,
    unit: 'MB',
  },
  {
    says: 'RSS with 500 streams, after the other loads',
    of: 'auto8',
    read: figure(({ memoryMb }) => memoryMb?.peak.median),
    most: 200,
    unit: 'MB',
  },
  { says: 'CPU with 31 candidates, against 8', of: 'auto31', read: against('auto8'), most: 1.2, unit: 'x' },
  { says: 'CPU with 128 candidates, against 8', of: 'auto128', read: against('auto8'), most: 1.6, unit: 'x' },
  {
    says: 'added TTFT at 20 streams, p50',
    of: 'auto8',
    read: figure(({ addedMs }) => addedMs.ttft?.p50),
    most: 0.4,
    unit: 'ms',
  },
  {
    says: 'added TTFT at 20 streams, p99',
    of: 'auto8',
    read: figure(({ addedMs }) => addedMs.ttft?.p99),
    most: 1,
    unit: 'ms',
  },
  {
    says: 'CPU per request after the soak, against its beginning',
    of: 'auto8',
    read: figure(({ soak }) => (soak === null ? undefined : cpuGrowth(soak))),
    most: 1.03,
    unit: 'x',
  },
  {
    says: 'RSS after the soak, above its beginning',
    of: 'auto8',
    read: figure(({ soak }) => (soak === null ? undefined : memoryGrowthMb(soak))),
    most: 20,
    unit: 'MB',
  },
]

export interface Judged {
  readonly says: string
  readonly of: string
  readonly unit: string
  readonly aim: number
  /** Of the other build; null where it was not measured. */
  readonly base: number | null
  readonly measured: number
  readonly met: boolean
}

/** The aims of which something was measured. */
export function judge(all: ReadonlyMap<string, Figures>): Judged[] {
  return AIMS.flatMap(({ says, of, read, most, unit }) => {
    const measured = read(of, (name) => all.get(name))
    if (measured === undefined) return []
    const base = read(of, (name) => all.get(baseOf(name))) ?? null
    return [{ says, of, unit, aim: most, base, measured, met: measured <= most }]
  })
}

const shown = (value: number | null, unit: string): string =>
  value === null ? '-' : `${value.toFixed(unit === 'kB' || unit === 'MB' || unit === 'us' ? 0 : 2)} ${unit}`

/** The aims as a table. */
export const aimTable = (rows: readonly Judged[]): string =>
  layout([
    ['against the aims', 'of', 'aim', 'base', 'measured', ''],
    ...rows.map(({ says, of, unit, aim, base, measured, met }) => [
      says,
      of,
      shown(aim, unit),
      shown(base, unit),
      shown(measured, unit),
      met ? 'met' : 'NOT MET',
    ]),
  ])
