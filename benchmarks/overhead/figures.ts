/** From cells to figures: medians over rounds, ratios within a round, added times over all rounds. */
import type { Name } from './contenders.ts'
import type { Allocated } from './garbage-meter.ts'
import type { Cell } from './job.ts'
import type { Scenario, ScenarioName } from './scenarios.ts'
import type { Soak } from './soak.ts'

/** The contender that all ratios refer to. */
export const REFERENCE: Name = 'fastify'

/** The outcome of one scenario for one contender in one round. */
export interface Outcome {
  readonly round: number
  readonly scenario: ScenarioName
  readonly name: Name
  readonly cell: Cell
  readonly memory: { readonly idle: number; readonly peak: number } | null
  readonly garbage: Allocated | null
}

export interface Figure {
  readonly median: number
  readonly rounds: readonly number[]
  /** Median over rounds of own / reference; null where the reference has none. */
  readonly ratio: number | null
}

export interface Added {
  readonly p50: number
  readonly p99: number
  readonly p50Ratio: number | null
  readonly p99Ratio: number | null
  readonly samples: number
}

export interface Figures {
  /** Microseconds of CPU (user + system) per unit of the scenario. */
  readonly cpuMicros: Partial<Record<ScenarioName, Figure>>
  /** Units per second: a measure of the load side as much as of the proxy. */
  readonly perSecond: Partial<Record<ScenarioName, Figure>>
  /** Milliseconds, this contender's percentile less that of `direct`. */
  readonly addedMs: Partial<Record<ScenarioName, Added>>
  readonly memoryMb: { readonly idle: Figure; readonly peak: Figure } | null
  /** Kilobytes allocated for each request: heap, and with the buffers outside it. */
  readonly garbageKb: { readonly heap: Figure; readonly all: Figure } | null
  readonly soak: Soak | null
  /** Share of a core that was in use, medians: the proxy, and the load generator with the upstream. */
  readonly busy: Partial<Record<ScenarioName, { readonly proxy: number; readonly rest: number }>>
  readonly answers: { readonly checked: number; readonly identical: number }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Figures of one contender out of the outcomes of all. */
export function figuresOf(name: Name, list: readonly Scenario[], all: readonly Outcome[], soak: Soak | null): Figures {
  const figures: Figures = {
    cpuMicros: {},
    perSecond: {},
    addedMs: {},
    memoryMb: memoryOf(name, all),
    garbageKb: garbageOf(name, all),
    soak,
    busy: {},
    answers: answersOf(name, all),
  }
  const { cpuMicros, perSecond, addedMs, busy } = figures
  for (const scenario of list) {
    const mine = all.filter((one) => one.name === name && one.scenario === scenario.name)
    if (mine.length === 0 || scenario.unit === null) continue
    const { unit } = scenario
    const units = ({ cell }: Outcome): number => (unit === 'chunk' ? cell.chunks : cell.requests)
    if (name !== 'direct') cpuMicros[scenario.name] = figure(mine, all, (one) => one.cell.cpuMicros.proxy / units(one))
    perSecond[scenario.name] = figure(mine, all, (one) => (units(one) * 1000) / one.cell.wallMs)
    busy[scenario.name] = {
      proxy: median(mine.map(({ cell }) => cell.cpuMicros.proxy / cell.wallMs / 1000)),
      rest: median(mine.map(({ cell }) => (cell.cpuMicros.load + cell.cpuMicros.upstream) / cell.wallMs / 1000)),
    }
    if (scenario.times !== null && name !== 'direct') {
      const added = addedTimes(name, scenario, all)
      if (added !== null) addedMs[scenario.name] = added
    }
  }
  return figures
}

function figure(mine: readonly Outcome[], all: readonly Outcome[], read: (one: Outcome) => number): Figure {
  const ratios: number[] = []
  for (const one of mine) {
    const reference = all.find(
      (other) => other.name === REFERENCE && other.scenario === one.scenario && other.round === one.round,
    )
    if (reference !== undefined) ratios.push(read(one) / read(reference))
  }
  const rounds = mine.map(read)
  return { median: median(rounds), rounds, ratio: ratios.length === 0 ? null : median(ratios) }
}

function addedTimes(name: Name, scenario: Scenario, all: readonly Outcome[]): Added | null {
  const timesOf = (who: Name): number[] =>
    all
      .filter((one) => one.name === who && one.scenario === scenario.name)
      .flatMap(({ cell }) => (scenario.times === 'first' ? cell.firstMs : cell.totalMs))
  const [own, direct, reference] = [timesOf(name), timesOf('direct'), timesOf(REFERENCE)]
  if (own.length === 0 || direct.length === 0) return null
  const over = (times: readonly number[], share: number): number => percentile(times, share) - percentile(direct, share)
  const ratio = (share: number): number | null =>
    reference.length === 0 ? null : over(own, share) / over(reference, share)
  return {
    p50: over(own, 0.5),
    p99: over(own, 0.99),
    p50Ratio: ratio(0.5),
    p99Ratio: ratio(0.99),
    samples: own.length,
  }
}

/** How much of a core processes used that are none of ours: median and worst of all windows. */
export function disturbance(cells: readonly Cell[]): { readonly median: number; readonly most: number } {
  const shares = cells.map(({ cpuMicros, wallMs }) => {
    const { machine, proxy, upstream, load } = cpuMicros
    return Math.max(0, machine - proxy - upstream - load) / wallMs / 1000
  })
  return { median: median(shares), most: Math.max(...shares) }
}

function memoryOf(name: Name, all: readonly Outcome[]): Figures['memoryMb'] {
  const mine = all.filter((one) => one.name === name && one.memory !== null)
  if (mine.length === 0) return null
  return {
    idle: figure(mine, all, (one) => one.memory?.idle ?? Number.NaN),
    peak: figure(mine, all, (one) => one.memory?.peak ?? Number.NaN),
  }
}

function garbageOf(name: Name, all: readonly Outcome[]): Figures['garbageKb'] {
  const mine = all.filter((one) => one.name === name && one.garbage !== null)
  if (mine.length === 0) return null
  return {
    heap: figure(mine, all, ({ garbage }) => (garbage?.heap ?? Number.NaN) / 1000),
    all: figure(mine, all, ({ garbage }) => ((garbage?.heap ?? Number.NaN) + (garbage?.external ?? 0)) / 1000),
  }
}

function answersOf(name: Name, all: readonly Outcome[]): Figures['answers'] {
  const sum = { checked: 0, identical: 0 }
  for (const one of all) {
    if (one.name !== name) continue
    sum.checked += one.cell.completed
    sum.identical += one.cell.identical
  }
  return sum
}
