/** `npm run bench:decision`: what one decision costs, from the parsed body to the plan. See README.md. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { commitOf } from '../overhead/record.ts'
import { AIMS, FIELDS, PROMPTS } from './cases.ts'
import { type Figures, measure, readBody } from './measure.ts'

const USAGE = `usage: npm run bench:decision -- [--rounds N] [--out FILE]
`
const ROOT = resolve(import.meta.dirname, '../../..')

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, out: { type: 'string' } } })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: "${values.rounds}" is no number of rounds`)
  const startedAt = new Date()
  const rows: Figures[] = []
  for (const prompt of PROMPTS)
    for (const { field, candidates } of FIELDS) rows.push(await measure(prompt, field, candidates, rounds))
  const blocking = readBody()
  process.stdout.write(`${table(rows)}\n`)
  process.stdout.write(`a body of 400 kB, read, profiled and decided: ${blocking.toFixed(2)} ms at the most (aim 5)\n`)
  for (const { says, figure, aim } of AIMS(rows))
    process.stdout.write(`${figure <= aim ? 'met   ' : 'MISSED'} ${says}: ${figure.toFixed(1)} us (aim ${aim})\n`)
  const commit = commitOf(ROOT)
  const file =
    values.out ?? resolve(ROOT, 'benchmarks/decision/record', `${startedAt.toISOString().slice(0, 10)}-${commit}.json`)
  const record = {
    benchmark: 'decision',
    date: startedAt.toISOString(),
    commit,
    command: 'npm run bench:decision',
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
    rounds,
    decisions: rows,
    body_400kb_ms: blocking,
    aims: AIMS(rows),
  }
  await mkdir(resolve(file, '..'), { recursive: true })
  await writeFile(file, `${JSON.stringify(record, short, 2)}\n`)
}

function table(rows: readonly Figures[]): string {
  const head = 'prompt   candidates   of          profile us   plan us p50   p99   whole us p50   p99   bytes'
  const lines = rows.map((row) =>
    [
      row.prompt.padEnd(8),
      String(row.candidates).padStart(10),
      ` ${row.field.padEnd(9)}`,
      row.profile_us.p50.toFixed(1).padStart(12),
      row.plan_us.p50.toFixed(1).padStart(13),
      row.plan_us.p99.toFixed(1).padStart(5),
      row.whole_us.p50.toFixed(1).padStart(14),
      row.whole_us.p99.toFixed(1).padStart(5),
      String(row.bytes).padStart(7),
    ].join(' '),
  )
  return [head, ...lines].join('\n')
}

const short = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(4)) : value

try {
  await main()
} catch (thrown) {
  process.stderr.write(`failed: ${(thrown as Error).message}\n${USAGE}`)
  process.exitCode = 1
}
