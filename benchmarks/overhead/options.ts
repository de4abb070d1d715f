/** The command line of the benchmark. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { baseOf, configurationNames, type Name, OTHERS } from './contenders.ts'
import { FULL, type Lengths, QUICK, SCENARIOS, type ScenarioName } from './scenarios.ts'
import { SOAK_WINDOW } from './soak.ts'

const CONTENDERS = [...OTHERS, ...configurationNames]
const SOAKED = 'auto8'
/** The rows of dialects: what `dialects` is asked beside the scenarios. */
export const DIALECTS = 'dialects'
const KNOWN_SCENARIOS = [...SCENARIOS, DIALECTS] as const

export const USAGE = `usage: node build/benchmarks/overhead/run.js [options]
  --quick            one short round, for a look; writes no record
  --rounds N         3 if not said
  --only A,B         contenders: ${CONTENDERS.join(', ')}
  --scenario A,B     scenarios: ${KNOWN_SCENARIOS.join(', ')}
  --base FILE        dist/src/cli/turnout.js of another checkout: each configuration is measured with it as well, as base-...
  --soak N           at the end, N requests for ${SOAKED} in a process of its own
  --out FILE         write the record there
  --profile FOLDER   CPU profiles of the contenders that run on Node, and where they spent their time
`

export interface Options {
  readonly lengths: Lengths
  readonly rounds: number
  readonly names: readonly Name[]
  /** The contenders were chosen, and take part in all scenarios. */
  readonly all: boolean
  readonly scenarios: readonly (ScenarioName | typeof DIALECTS)[]
  readonly base: string | null
  readonly out: string | null
  /** A whole run, whose record is kept without being asked. */
  readonly whole: boolean
  readonly profiles: string | null
  /** Which contenders take part in the soak, and how many requests each is asked. */
  readonly soak: { readonly names: readonly Name[]; readonly requests: number } | null
}

/** Throws where an option or its value is not known. */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      scenario: { type: 'string' },
      base: { type: 'string' },
      soak: { type: 'string' },
      out: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20) throw new Error('--rounds takes a number from 1 to 20')
  const partial = [values.base, values.only, values.scenario, values.profile].some((value) => value !== undefined)
  const soak = values.soak === undefined ? null : Number(values.soak)
  if (soak !== null && (!Number.isInteger(soak) || soak < 3 * SOAK_WINDOW))
    throw new Error(`--soak takes a number of requests, ${3 * SOAK_WINDOW} at the least`)
  const withBase = (names: readonly Own[]): Name[] =>
    values.base === undefined ? [...names] : names.flatMap((name) => [name, ...bases(name)])
  return {
    lengths: values.quick ? QUICK : FULL,
    rounds,
    names: withBase(chosen('--only', values.only, CONTENDERS)),
    all: values.only !== undefined,
    scenarios: chosen('--scenario', values.scenario, KNOWN_SCENARIOS),
    base: values.base === undefined ? null : resolve(values.base),
    out: values.out === undefined ? null : resolve(values.out),
    whole: !values.quick && !partial,
    profiles: values.profile === undefined ? null : resolve(values.profile),
    soak: soak === null ? null : { names: withBase([SOAKED]), requests: soak },
  }
}

type Own = (typeof CONTENDERS)[number]

function bases(name: Own): Name[] {
  const own = configurationNames.find((one) => one === name)
  return own === undefined ? [] : [baseOf(own)]
}

function chosen<T extends string>(option: string, wish: string | undefined, known: readonly T[]): readonly T[] {
  if (wish === undefined) return known
  const list = wish.split(',')
  const strange = list.find((one) => !known.some((name) => name === one))
  if (strange !== undefined) throw new Error(`${option}: "${strange}" is none of ${known.join(', ')}`)
  return known.filter((name) => list.includes(name))
}
