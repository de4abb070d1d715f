/**
 * `npm test`, once the types are checked: the test files, several processes at a time, with the lint beside them.
 * Plain node: the loaders that tap's own runner puts before each file take longer than most files.
 * `npm test -- build/test/x.test.js` runs only the named files. Everything that was printed is kept in build/test.tap.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join, relative, sep } from 'node:path'

interface Job {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

interface Count {
  pass: number
  fail: number
  skip: number
}

interface Outcome {
  readonly name: string
  readonly ms: number
  readonly text: string
  /** What went wrong beside its assertions; null where nothing did. */
  readonly trouble: string | null
  readonly count: Count
}

/** A process that is silent about its end for so long hangs. */
const LIMIT_MS = 600_000
/** Of one file, unless it sets its own; tap reads it. */
const FILE_LIMIT_S = 300
/** Folders with the longest files come first, so that none of them is left over at the end. */
const FIRST = ['benchmarks', 'cli', 'e2e', 'accounting', 'budgets', 'ledger', 'observe', 'telemetry', 'replay', 'keys']
const HERE = import.meta.dirname
const SOURCES = join(HERE, '../../test')
const BIN = join(process.cwd(), 'node_modules/.bin')

const LINT: readonly Job[] = [
  { name: 'eslint', command: [join(BIN, 'eslint'), '.'], env: {} },
  { name: 'prettier', command: [join(BIN, 'prettier'), '--check', '--log-level', 'warn', '.'], env: {} },
]

/** Files that share a process with others of their folder: they leave nothing behind in it, and most take less time than its start. */
const TOGETHER =
  /^(accounting|classify|config|core|decision|dispatch|fleet|formats|http|keys|learn|observe|relay|replay|route|sessions|store|upstream)\//
const MOST_TOGETHER = 8

/** In the order in which they run. */
function jobsOf(folder: string): Job[] {
  const rank = (path: string): number => {
    const at = FIRST.indexOf(path.split('/')[0]!)
    return at < 0 ? FIRST.length : at
  }
  // By their sources: what was built of a file that is gone stays where it is.
  const paths = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => path.replace(/ts$/, 'js'))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  const together: string[][] = []
  for (const path of paths) {
    const last = together.at(-1)
    const near = last !== undefined && dirname(last[0]!) === dirname(path) && last.length < MOST_TOGETHER
    if (near && TOGETHER.test(path)) last.push(path)
    else together.push([path])
  }
  return together.map((group) => testJob(group.map((path) => join(folder, path))))
}

let groups = 0

/** One file as it is; several by together.ts. Its argument keeps the folders of tests apart, which tap names by the command and the test. */
function testJob(files: readonly string[]): Job {
  const name = files.map((file) => relative(process.cwd(), file)).join(' ')
  const node = [process.execPath, '--enable-source-maps']
  if (files.length === 1) return { name, command: [...node, ...files], env: {} }
  return {
    name,
    command: [...node, join(HERE, 'together.js'), `${++groups}`],
    env: { TURNOUT_TEST_FILES: files.join(delimiter) },
  }
}

/** tap's own count at the end of a file's output; null where it did not come to its end. */
function countOf(text: string): Count | null {
  const summary = /^# \{ total: \d+.*\}$/m.exec(text)?.[0]
  if (summary === undefined) return null
  const number = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
  return { pass: number('pass'), fail: number('fail') + number('todo'), skip: number('skip') }
}

/** What a failing file printed without all that passed. */
function failures(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^ *(ok\b|1\.\.|# time=|# Subtest|TAP version|$)/.test(line))
    .join('\n')
}

async function run({ name, command: [program = '', ...args], env }: Job): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TAP_TIMEOUT: String(FILE_LIMIT_S), ...env },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, LIMIT_MS)
  const stop = (): void => void child.kill('SIGKILL')
  process.once('exit', stop)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  process.off('exit', stop)
  clearTimeout(timer)
  const ended = late ? `did not end within ${LIMIT_MS} ms` : code === 0 ? null : `ended with ${code ?? signal}`
  return { name, text, ms: performance.now() - started, ...judged(program, ended, text) }
}

function judged(program: string, ended: string | null, text: string): Pick<Outcome, 'trouble' | 'count'> {
  const count = program === process.execPath ? countOf(text) : { pass: 0, fail: 0, skip: 0 }
  if (count === null) return { trouble: ended ?? 'printed no result', count: { pass: 0, fail: 1, skip: 0 } }
  return { trouble: ended, count: ended !== null && count.fail === 0 ? { ...count, fail: 1 } : count }
}

function report({ name, ms, text, trouble, count }: Outcome): void {
  const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(8)
  if (count.fail === 0) return console.log(`ok     ${seconds}  ${name}`)
  console.log(`not ok ${seconds}  ${name}${trouble === null ? '' : `: ${trouble}`}\n${failures(text)}\n`)
}

async function main(named: readonly string[]): Promise<number> {
  const jobs = named.length > 0 ? named.map((file) => testJob([file])) : [...LINT, ...jobsOf(HERE)]
  const outcomes: Outcome[] = []
  const started = performance.now()
  const next = jobs[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const job of next) {
      const outcome = await run(job)
      outcomes.push(outcome)
      report(outcome)
    }
  }
  // Many files wait for sockets and limits more than they use a core.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker))
  writeFileSync(
    join(HERE, '../test.tap'),
    outcomes.map(({ name, ms, text }) => `# ${name} ${ms.toFixed(0)} ms\n${text}`).join('\n'),
  )
  const sum = (which: keyof Count): number => outcomes.reduce((all, { count }) => all + count[which], 0)
  console.log(`\n${jobs.length} jobs in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  console.log(`${sum('skip')} skipped`)
  console.log(`${sum('pass')} passed, ${sum('fail')} failed`)
  return sum('fail') === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main(process.argv.slice(2))
