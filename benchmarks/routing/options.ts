/** The command line of the benchmark. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SET_NAMES } from './sets/known.ts'

export const USAGE = `usage: node build/benchmarks/routing/run.js [options]
  --set A,B       sets: ${SET_NAMES.join(', ')}
  --seeds N       splits of each set, 5 if not said
  --data FOLDER   where the sets are, ../shared/data beside the project if not said
  --json          the result once more as JSON, on the last line
  --out FILE      write the record there; a whole run writes one without being asked
data of your own, in one split that you make:
  --train A.jsonl --test B.jsonl --models M.json
`

export interface Options {
  readonly sets: readonly string[]
  readonly seeds: number
  readonly data: string
  readonly json: boolean
  readonly out: string | null
  /** All sets with all seeds, whose record is kept without being asked. */
  readonly whole: boolean
  readonly own: { readonly train: string; readonly test: string; readonly models: string } | null
}

/** Throws where an option or its value is not known. `root` is the project's. */
export function optionsOf(args: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      set: { type: 'string' },
      seeds: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      train: { type: 'string' },
      test: { type: 'string' },
      models: { type: 'string' },
    },
  })
  const seeds = Number(values.seeds ?? 5)
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > 100) throw new Error('--seeds takes a number from 1 to 100')
  const own = ownOf(values.train, values.test, values.models)
  const foreign = (['set', 'seeds', 'data', 'out'] as const).find((option) => values[option] !== undefined)
  if (own !== null && foreign !== undefined)
    throw new Error(`--${foreign} is not for data of your own (--train, --test, --models)`)
  return {
    sets: setsOf(values.set),
    seeds,
    data: values.data === undefined ? resolve(root, '../shared/data') : resolve(values.data),
    json: values.json,
    out: values.out === undefined ? null : resolve(values.out),
    whole: own === null && values.set === undefined && values.seeds === undefined,
    own,
  }
}

function ownOf(train: string | undefined, test: string | undefined, models: string | undefined): Options['own'] {
  const given = { train, test, models }
  if (train === undefined && test === undefined && models === undefined) return null
  if (train !== undefined && test !== undefined && models !== undefined)
    return { train: resolve(train), test: resolve(test), models: resolve(models) }
  const missing = Object.entries(given).find(([, value]) => value === undefined)![0]
  throw new Error(`--${missing} is missing: data of your own need --train, --test and --models`)
}

function setsOf(wish: string | undefined): readonly string[] {
  if (wish === undefined) return SET_NAMES
  const list = wish.split(',')
  const strange = list.find((name) => !SET_NAMES.includes(name))
  if (strange !== undefined) throw new Error(`--set: "${strange}" is none of ${SET_NAMES.join(', ')}`)
  return SET_NAMES.filter((name) => list.includes(name))
}
