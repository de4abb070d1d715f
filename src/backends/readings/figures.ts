/** The figures of one answer, by the data of its source. */
import type { Figure, FigureSource, TelemetrySource } from '../../core/telemetry-source.ts'
import { FIGURES } from '../../core/telemetry-source.ts'
import { valueAt } from '../../core/value-at.ts'
import { type Sample, samplesOf } from './prometheus.ts'

/** A value, and what it is a part of where it is a quotient. */
export interface Part {
  readonly value: number
  readonly whole: number | null
  readonly source: FigureSource
}

export type Figures = ReadonlyMap<Figure, Part>

/** The values of a name, one for each series or entry that has it. */
type Lookup = (name: string, source: FigureSource) => readonly number[]

/** What the text of an exposition says. */
export function figuresOfText(text: string, { figures }: TelemetrySource): Figures {
  const names = new Set<string>()
  for (const ways of Object.values(figures))
    for (const { from, less, per } of ways) for (const name of [...from, ...less, ...per]) names.add(name)
  const samples = samplesOf(text, names)
  return figuresBy(figures, (name, source) =>
    withoutCopies(samples.get(name) ?? [], source.copies).flatMap((sample) => valueOf(sample, source)),
  )
}

/** What a JSON answer says. */
export function figuresOfJson(answer: unknown, { figures, list }: TelemetrySource): Figures {
  const there = list === null ? answer : valueAt(answer, list)
  const entries: readonly unknown[] = Array.isArray(there) ? there : [there]
  return figuresBy(figures, (name) => entries.flatMap((entry) => numberIn(valueAt(entry, name))))
}

function figuresBy(figures: TelemetrySource['figures'], lookup: Lookup): Figures {
  const told = new Map<Figure, Part>()
  for (const figure of FIGURES)
    for (const source of figures[figure] ?? []) {
      const part = partOf(source, lookup)
      if (part === null) continue
      told.set(figure, part)
      break
    }
  return told
}

function partOf(source: FigureSource, lookup: Lookup): Part | null {
  const value = added(source.from, source, lookup)
  const less = source.less.length === 0 ? 0 : added(source.less, source, lookup)
  const whole = source.per.length === 0 ? null : added(source.per, source, lookup)
  if (value === null || less === null || (whole === null && source.per.length > 0)) return null
  return { value: value - less, whole, source }
}

/** Null where none of them is told. */
function added(names: readonly string[], source: FigureSource, lookup: Lookup): number | null {
  let sum: number | null = null
  for (const name of names) {
    const values = lookup(name, source)
    if (values.length > 0) sum = (sum ?? 0) + folded(values, source.fold)
  }
  return sum
}

function folded(values: readonly number[], fold: FigureSource['fold']): number {
  // As arguments of Math.max so many values as an answer may have would be too many.
  if (fold === 'max') return values.reduce((most, one) => Math.max(most, one))
  if (fold === 'count') return values.length
  const sum = values.reduce((all, one) => all + one, 0)
  return fold === 'mean' ? sum / values.length : sum
}

/** Several ranks of one engine may each tell of the same requests. */
function withoutCopies(samples: readonly Sample[], copies: readonly string[]): readonly Sample[] {
  if (copies.length === 0 || samples.length < 2) return samples
  const highest = new Map<string, Sample>()
  for (const sample of samples) {
    const own = Object.entries(sample.labels).filter(([label]) => !copies.includes(label))
    const series = JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)))
    const known = highest.get(series)
    if (known === undefined || known.value < sample.value) highest.set(series, sample)
  }
  return [...highest.values()]
}

/** None where another series is meant, or a label is no number. */
function valueOf({ value, labels }: Sample, { where, labels: wanted }: FigureSource): number[] {
  for (const [label, pattern] of Object.entries(where)) if (!new RegExp(pattern).test(labels[label] ?? '')) return []
  if (wanted.length === 0) return [value]
  const factors = wanted.map((label) => (/^\d+$/.test(labels[label] ?? '') ? Number(labels[label]) : NaN))
  const product = factors.reduce((all, one) => all * one, 1)
  return Number.isFinite(product) ? [product] : []
}

function numberIn(value: unknown): number[] {
  if (typeof value === 'boolean') return [value ? 1 : 0]
  return typeof value === 'number' && Number.isFinite(value) ? [value] : []
}
