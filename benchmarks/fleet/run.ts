/** `npm run bench:fleet`: how soon first tokens come, policy by policy, on simulated fleets under a recorded load. See README.md. */
import { access, mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { TraceRequest } from '../../src/simulate/trace.ts'
import type { Compared } from '../../src/simulate/compared.ts'
import { policyNamed, type SimulatedPolicy } from '../../src/simulate/policies.ts'
import { POLICY_NAMES } from '../../src/simulate/policy-names.ts'
import { commitOf } from '../overhead/record.ts'
import { bench, type Bench, readTrace } from './bench.ts'
import { aimsOf, type Case, CONDITIONS, FLEETS } from './cases.ts'
import { caseTable } from './table.ts'

const USAGE = `usage: npm run bench:fleet -- [--trace FILE] [--seeds N] [--only CONDITION,..] [--fleet FLEET]
                             [--policies NAME,..] [--json] [--out FILE]
conditions: ${CONDITIONS.map(({ name }) => name).join(', ')}
`
const ROOT = resolve(import.meta.dirname, '../../..')
const TRACE = resolve(ROOT, '../shared/data/mooncake/conversation_trace.jsonl')

const OPTIONS = {
  trace: { type: 'string', default: TRACE },
  seeds: { type: 'string', default: '3' },
  only: { type: 'string' },
  fleet: { type: 'string' },
  policies: { type: 'string' },
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
} as const

async function main(): Promise<void> {
  const startedAt = new Date()
  const { values } = parseArgs({ options: OPTIONS })
  const { conditions, fleets, policies, seeds, whole } = wantedOf(values)
  const trace = await traceOf(values.trace)
  let shown: Case[] = []
  const cases = await bench({ trace, conditions, fleets, policies, seeds }, (one) => {
    shown.push(one)
    if (shown.length < fleets.length) return
    const { name, says } = conditions.find((condition) => condition.name === one.condition)!
    process.stdout.write(`\n${name}: ${says}\nmean TTFT in s (p99), by fleet\n${caseTable(shown)}`)
    shown = []
  })
  const aims = aimsOf(cases)
  if (aims.length > 0) process.stdout.write('\n')
  for (const { says, figure, aim } of aims)
    process.stdout.write(`${figure <= aim ? 'met   ' : 'MISSED'} ${says}: ${figure.toFixed(2)} (aim ${aim})\n`)
  if (values.json) process.stdout.write(`${JSON.stringify({ cases: cases.map(written) })}\n`)
  if (!whole && values.out === undefined) return
  const given = process.argv.slice(2)
  const commit = commitOf(ROOT)
  const day = startedAt.toISOString().slice(0, 10)
  const file = values.out ?? resolve(ROOT, 'benchmarks/fleet/record', `${day}-${commit}.json`)
  const record = {
    benchmark: 'fleet',
    date: startedAt.toISOString(),
    commit,
    command: ['npm run bench:fleet', ...(given.length > 0 ? ['--', ...given] : [])].join(' '),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    trace: { name: basename(values.trace), requests: trace.length },
    seeds,
    conditions: Object.fromEntries(conditions.map(({ name, says }) => [name, says])),
    cases: cases.map(written),
    aims,
  }
  await mkdir(resolve(file, '..'), { recursive: true })
  await writeFile(file, `${JSON.stringify(record, short, 2)}\n`)
}

interface Given {
  readonly only?: string
  readonly fleet?: string
  readonly policies?: string
  readonly seeds: string
}

interface Wanted extends Omit<Bench, 'trace'> {
  /** All that there is: worth a record. */
  readonly whole: boolean
}

function wantedOf({ only, fleet, policies, seeds }: Given): Wanted {
  const count = Number(seeds)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--seeds: "${seeds}" is no number of seeds`)
  const names = only?.split(',') ?? CONDITIONS.map(({ name }) => name)
  const conditions = CONDITIONS.filter(({ name }) => names.includes(name))
  if (conditions.length < names.length) throw new Error(`--only: "${only ?? ''}" is not all conditions`)
  return {
    conditions,
    fleets: fleet === undefined ? FLEETS : [fleet],
    policies: (policies?.split(',') ?? POLICY_NAMES).map(policyOf),
    seeds: Array.from({ length: count }, (_, at) => at + 1),
    whole: [only, fleet, policies].every((one) => one === undefined),
  }
}

async function traceOf(file: string): Promise<readonly TraceRequest[]> {
  const there = await access(file).then(
    () => true,
    () => false,
  )
  if (!there) throw new Error(`${file} is not there; --trace names another one`)
  return await readTrace(file)
}

function policyOf(name: string): SimulatedPolicy {
  const policy = policyNamed(name)
  if (typeof policy === 'string') throw new Error(`--policies: ${policy}`)
  return policy
}

const written = ({ condition, fleet, policies }: Case) => ({
  condition,
  fleet,
  policies: Object.fromEntries(policies.map((one) => [one.policy, figuresOf(one)])),
})

const figuresOf = ({ ttft_mean_s, ttft_mean_sd_s, ttft_p50_s, ttft_p99_s, hit_rate, ...rest }: Compared) => ({
  ttft_mean_s,
  ttft_mean_sd_s,
  ttft_p50_s,
  ttft_p99_s,
  hit_rate,
  finished: rest.finished,
  broken: rest.broken,
  refused: rest.refused,
})

const short = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value

try {
  await main()
} catch (thrown) {
  process.stderr.write(`failed: ${(thrown as Error).message}\n${USAGE}`)
  process.exitCode = 1
}
