/** What was published: catalogue/results.yaml and catalogue/benchmarks.yaml, read and checked for their form. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { type TaskClass, TASK_CLASSES } from '../src/core/capabilities.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const day = z.iso.date()
const page = z.url({ protocol: /^https?$/ })
const figures = z.record(z.string(), z.record(z.string(), z.number()))

const benchmarksSchema = z.record(
  z.string(),
  z.strictObject({
    classes: z.array(z.enum(TASK_CLASSES)).min(1),
    unit: z.enum(['percent', 'elo']).default('percent'),
    /** Percent that guessing gets. */
    chance: z.number().min(0).max(60).default(0),
  }),
)

const resultsSchema = z.strictObject({
  collections: z.record(z.string(), z.strictObject({ url: page, date: day })),
  /** Other names of models, as of model-name.ts. */
  aliases: z.record(z.string(), z.string()).default({}),
  notes: z.record(z.string(), z.string().min(10)).default({}),
  sources: z.array(
    z.union([
      z.strictObject({ title: z.string().min(1), url: page, date: day, figures }),
      z.strictObject({ url: page, via: z.string(), figures }),
    ]),
  ),
})

export type Benchmarks = z.output<typeof benchmarksSchema>
export type Results = z.output<typeof resultsSchema>

/** One result: `effort` null: as the model answers when nobody says. */
export interface Figure {
  readonly model: string
  readonly effort: string | null
  readonly benchmark: string
  readonly value: number
  /** In words, with its date. */
  readonly source: string
}

export interface Benchmark {
  readonly classes: readonly TaskClass[]
  readonly unit: 'percent' | 'elo'
  readonly chance: number
}

const text = (file: string): string => readFileSync(resolve(ROOT, 'catalogue', file), 'utf8')

export const readBenchmarks = (yaml = text('benchmarks.yaml')): Benchmarks => benchmarksSchema.parse(parse(yaml))
export const readResults = (yaml = text('results.yaml')): Results => resultsSchema.parse(parse(yaml))

/** In the order of the file. Throws where a collection is not one. */
export function figuresOf({ sources, collections }: Results): readonly Figure[] {
  return sources.flatMap((source) => {
    const words = wordsOf(source, collections)
    return Object.entries(source.figures).flatMap(([benchmark, models]) =>
      Object.entries(models).map(([name, value]) => {
        const [model = '', effort = null] = name.split('@')
        return { model, effort, benchmark, value, source: words }
      }),
    )
  })
}

function wordsOf(source: Results['sources'][number], collections: Results['collections']): string {
  if ('title' in source) return `${source.title}, ${source.date}: ${source.url}`
  const collection = collections[source.via]
  if (collection === undefined) throw new Error(`${source.url}: there is no collection ${source.via}`)
  return `the maker, by ${source.via} of ${collection.date}: ${source.url}`
}
