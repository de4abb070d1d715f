/** A run, written down: what was measured where, on which commit, and how. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { Judged } from './aims.ts'
import type { Pinning } from './child.ts'
import type { DialectFigure } from './dialects/rows.ts'
import type { Figures } from './figures.ts'
import type { Proof } from './proof.ts'
import type { Scenario } from './scenarios.ts'

export interface Run {
  readonly root: string
  readonly args: readonly string[]
  readonly rounds: number
  readonly startedAt: Date
  readonly seconds: number
  readonly pinning: Pinning | null
  readonly versions: Readonly<Record<string, string>>
  readonly skipped: Readonly<Record<string, string>>
  readonly scenarios: readonly Scenario[]
  readonly figures: ReadonlyMap<string, Figures>
  /** The rows of dialects of each contender that was asked for them. */
  readonly dialects: ReadonlyMap<string, readonly DialectFigure[]>
  /** Of each contender that is Turnout. */
  readonly proofs: ReadonlyMap<string, Proof>
  readonly aims: readonly Judged[]
  /** Share of a core that processes used which are none of ours. */
  readonly disturbance: { readonly median: number; readonly most: number }
}

/** The checked-out commit; '-dirty' where the sources differ from it. */
export function commitOf(root: string): string {
  const git = (...args: string[]): string | null => {
    const { status, stdout } = spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' })
    return status === 0 ? stdout.trim() : null
  }
  const commit = git('rev-parse', '--short', 'HEAD')
  if (commit === null) return 'unknown'
  return git('status', '--porcelain', '--', 'src', 'config', 'package.json') === '' ? commit : `${commit}-dirty`
}

/** Writes it to `file`, or to record/<date>-<commit>.json; returns the path. */
export async function writeRecord(run: Run, file: string | null): Promise<string> {
  const commit = commitOf(run.root)
  const date = run.startedAt.toISOString()
  const path = file ?? join(run.root, 'benchmarks/overhead/record', `${date.slice(0, 10)}-${commit}.json`)
  const [cpu] = cpus()
  const record = {
    benchmark: 'overhead',
    date,
    commit,
    command: ['node', 'build/benchmarks/overhead/run.js', ...run.args].join(' '),
    seconds: Math.round(run.seconds),
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: availableParallelism(),
      memory_gib: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
      pinned:
        run.pinning === null
          ? null
          : { proxy: `core ${run.pinning.proxy}`, load_and_upstream: `core ${run.pinning.rest}` },
    },
    versions: run.versions,
    skipped: run.skipped,
    rounds: run.rounds,
    scenarios: Object.fromEntries(run.scenarios.map(({ name, says, load }) => [name, { says, load }])),
    figures: Object.fromEntries(run.figures),
    dialects: Object.fromEntries(run.dialects),
    aims: run.aims,
    turnout_accounted: Object.fromEntries(run.proofs),
    others_busy_cores: run.disturbance,
  }
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(record, round, 2)}\n`)
  return path
}

const round = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value
