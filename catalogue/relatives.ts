/** What names tell of models: a linear model of their log-odds on the features of their names, drawn towards none (ridge). Pure. */
import { featuresOf, relationOf } from '../src/decision/catalogue/relatives.ts'
import { inverse } from './solve.ts'

/** How strongly each kind of feature is held back: what all share least, what few models show most. */
const HOLD: readonly (readonly [RegExp, number])[] = [
  [/^(any|size|closed|version)$/, 0.1],
  [/^family /, 0.7],
  [/^version of /, 2],
  [/^word /, 0.5],
]
/** Models that must have a word before it means something. */
const LEAST = 3

export interface Sample {
  readonly name: string
  readonly billions: number | null
  /** By class. */
  readonly odds: readonly number[]
}

export interface Relatives {
  readonly newest: Readonly<Record<string, number>>
  readonly weights: Readonly<Record<string, readonly number[]>>
  /** Of each model, predicted by all others: its error by class. */
  readonly leftOut: readonly (readonly number[])[]
}

export function relativesOf(samples: readonly Sample[]): Relatives {
  const newest: Record<string, number> = {}
  for (const { name } of samples) {
    const { family, version } = relationOf(name)
    if (version !== null) newest[family] = Math.max(newest[family] ?? 0, version)
  }
  const rows = samples.map(({ name, billions }) => featuresOf(name, billions, newest))
  const counts = new Map<string, number>()
  for (const row of rows) for (const [feature] of row) counts.set(feature, (counts.get(feature) ?? 0) + 1)
  const columns = [...counts]
    .filter(([feature, count]) => !feature.startsWith('word ') || count >= LEAST)
    .map(([feature]) => feature)
  const size = columns.length
  const place = new Map(columns.map((feature, at) => [feature, at]))
  const wide = rows.map((row) => {
    const values = new Float64Array(size)
    for (const [feature, value] of row) {
      const at = place.get(feature)
      if (at !== undefined) values[at] = value
    }
    return values
  })
  const matrix = new Float64Array(size * size)
  for (const [at, feature] of columns.entries()) matrix[at * size + at] = HOLD.find(([kind]) => kind.test(feature))![1]
  for (const row of wide)
    for (let i = 0; i < size; i++)
      if (row[i] !== 0) for (let j = 0; j < size; j++) matrix[i * size + j]! += row[i]! * row[j]!
  const solved = inverse(matrix, size)
  const classes = samples[0]!.odds.length
  const weights = columns.map(() => new Float64Array(classes))
  for (const [of, row] of wide.entries())
    for (let i = 0; i < size; i++) {
      let lever = 0
      for (let j = 0; j < size; j++) lever += solved[i * size + j]! * row[j]!
      for (let c = 0; c < classes; c++) weights[i]![c]! += lever * samples[of]!.odds[c]!
    }
  const leftOut = wide.map((row, of) => {
    let own = 0
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) own += row[i]! * solved[i * size + j]! * row[j]!
    return samples[of]!.odds.map((odds, c) => {
      let predicted = 0
      for (let i = 0; i < size; i++) predicted += row[i]! * weights[i]![c]!
      return (odds - predicted) / (1 - own)
    })
  })
  return { newest, weights: Object.fromEntries(columns.map((feature, at) => [feature, [...weights[at]!]])), leftOut }
}
