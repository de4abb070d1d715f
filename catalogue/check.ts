/** What is wrong with results, in words. Pure. */
import { namesOf } from '../src/decision/catalogue/model-name.ts'
import { type Fit, surprisesOf } from './fit.ts'
import type { Benchmark, Benchmarks, Figure, Results } from './results.ts'

/** Standard deviations of a figure from what all others lead to expect of it that nobody need explain. */
const MOST_DEVIATION = 3.5
/** A benchmark that hardly rises with ability says nothing, however many figures it has. */
const LEAST_SLOPE = 0.15
const LEAST_FIGURES = 3
const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
const ELO = { least: 500, most: 2500 }

/** Before the fit: form, ranges, names. `today`: as in 2026-11-30. */
export function faultsOf(
  { aliases, sources }: Results,
  figures: readonly Figure[],
  benchmarks: Benchmarks,
  today: string,
): string[] {
  const used = new Set(figures.map(({ benchmark }) => benchmark))
  return [
    ...figureFaults(figures, benchmarks),
    ...nameFaults(figures, aliases),
    ...Object.keys(benchmarks).flatMap((name) => (used.has(name) ? [] : [`${name}: has no figures`])),
    ...sources.flatMap((one) => ('date' in one && one.date > today ? [`${one.url}: ${one.date} is yet to come`] : [])),
  ]
}

const wordsOf = ({ model, effort, benchmark }: Figure): string =>
  `${benchmark} of ${model}${effort === null ? '' : `@${effort}`}`

function figureFaults(figures: readonly Figure[], benchmarks: Benchmarks): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const figure of figures) {
    const { effort, value } = figure
    const words = wordsOf(figure)
    const about = benchmarks[figure.benchmark]
    if (about === undefined) faults.push(`${words}: catalogue/benchmarks.yaml does not say what that is about`)
    else if (!inRange(value, about)) faults.push(`${words}: ${value} is out of range`)
    if (effort !== null && !EFFORTS.has(effort)) faults.push(`${words}: ${effort} is no effort`)
    if (seen.has(words)) faults.push(`${words}: has two figures`)
    seen.add(words)
  }
  return faults
}

const inRange = (value: number, { unit }: Benchmark): boolean =>
  unit === 'percent' ? value >= 0 && value <= 100 : value >= ELO.least && value <= ELO.most

function nameFaults(figures: readonly Figure[], aliases: Results['aliases']): string[] {
  const faults: string[] = []
  const models = new Map<string, number>()
  for (const { model } of figures) models.set(model, (models.get(model) ?? 0) + 1)
  for (const [model, count] of models) {
    const names = namesOf(model)
    if (names[0] !== model) faults.push(`${model}: requests for it look for ${names.join(', ')}`)
    if (count < LEAST_FIGURES) faults.push(`${model}: ${count} figures are too few`)
    if (Object.hasOwn(aliases, model)) faults.push(`${model}: is an alias, too`)
  }
  for (const [alias, model] of Object.entries(aliases)) {
    if (!models.has(model)) faults.push(`${alias}: there are no figures of ${model}`)
    if (namesOf(alias)[0] !== alias) faults.push(`${alias}: no request looks for that`)
  }
  return faults
}

/** After it: what does not fit to the rest. */
export function oddOnes(
  figures: readonly Figure[],
  benchmarks: Benchmarks,
  fit: Fit,
  notes: Results['notes'],
): string[] {
  const odd: string[] = []
  for (const [name, { slope }] of fit.benchmarks)
    if (slope < LEAST_SLOPE) odd.push(`${name}: does not rise with ability (slope ${slope.toFixed(2)})`)
  const explained = new Set<string>()
  for (const { figure, deviations } of surprisesOf(figures, benchmarks, fit)) {
    const words = wordsOf(figure)
    if (Math.abs(deviations) <= MOST_DEVIATION) continue
    if (Object.hasOwn(notes, words)) explained.add(words)
    else odd.push(`${words}: ${figure.value} is ${deviations.toFixed(1)} standard deviations off, and there is no note`)
  }
  for (const words of Object.keys(notes))
    if (!explained.has(words)) odd.push(`${words}: has a note, and nothing to explain`)
  return odd
}
