/** A run, written down: what was measured on which commit, and how. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { commitOf } from '../overhead/record.ts'
import { DRAWS } from './bootstrap.ts'
import type { Measured } from './measure.ts'

export interface Run {
  readonly root: string
  readonly args: readonly string[]
  readonly seeds: number
  readonly startedAt: Date
  readonly seconds: number
  readonly sets: ReadonlyMap<string, Measured>
}

/** Writes it to `file`, or to record/<date>-<commit>.json; returns the path. */
export async function writeRecord(run: Run, file: string | null): Promise<string> {
  const commit = commitOf(run.root)
  const date = run.startedAt.toISOString()
  const path = file ?? join(run.root, 'benchmarks/routing/record', `${date.slice(0, 10)}-${commit}.json`)
  const record = {
    benchmark: 'routing',
    date,
    commit,
    command: ['node', 'build/benchmarks/routing/run.js', ...run.args].join(' '),
    seconds: Math.round(run.seconds),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memory_gib: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    seeds: run.seeds,
    bootstrap_draws: DRAWS,
    sets: Object.fromEntries([...run.sets].map(([name, measured]) => [name, setOf(measured)])),
  }
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(record, round, 2)}\n`)
  return path
}

function setOf({ currency, models, prompts, policies, differences, decisionUs, curve }: Measured): object {
  return {
    currency,
    models,
    prompts,
    policies: Object.fromEntries(policies),
    turnout_less: differences,
    single_verdicts: Object.fromEntries(
      [...curve].map(([n, { figures, gain }]) => [n, { figures, less_first_day: gain }]),
    ),
    decision_us: decisionUs,
  }
}

const round = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value
