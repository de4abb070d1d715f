/** Tests wait for what happens and not for time: a sleep is too short on a busy machine and too long on any other. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import t from 'tap'

const FOLDER = resolve(import.meta.dirname, '../../test')

/** Files that set timers of their own, and why. */
const TIMERS: Readonly<Record<string, string>> = {
  'run.ts': 'ends a file that hangs',
  'run.test.ts': 'the text of a file that fails late',
  'waits.test.ts': 'names them',
  'floors.test.ts': 'the text of a file that must not set one',
  'accounting/checker.test.ts': 'a beat that shows that the thread is free',
  'agents/run-agent.ts': 'ends an agent that hangs',
  'e2e/finished-open.test.ts': 'a backend that sends heartbeats',
  'engine/engines.test.ts': 'the text of programs that live for a while',
  'gate/gate-bench.ts': 'a clock of its own that the gate is given',

  'e2e/shared-folder.test.ts': 'a living gateway elsewhere that touches its lock',
  'ledger/shared.test.ts': 'load beside what is tested',
  'observe/blocks.test.ts': 'a process of its own fills a pipe, and no event says that it is full',
  'support/await.ts': 'the only waits there are',
  'support/black-hole.ts': 'a process that listens and never accepts',
  'support/engine-program.ts': 'an engine that takes time for its work, and a child that lives',
  'support/engines.ts': 'ends an engine that does not stop',
  'support/fault-connection.ts': 'pauses that a plan asks for',
  'support/limits-holder.ts': 'keeps a process alive',
  'support/slot-engine.ts': 'an engine that takes time for its work',
}

/** Files that let real time pass; each call says why it has to. */
const LET_PASS: readonly string[] = [
  'e2e/backend-queue.test.ts',
  'e2e/chaos.test.ts',
  'e2e/engine-start.test.ts',
  'e2e/finished-open.test.ts',
  'e2e/first-substance.test.ts',
  'e2e/kept-connections.test.ts',
  'e2e/limits.test.ts',
  'e2e/llama-fleet.test.ts',
  'e2e/ollama.test.ts',
  'e2e/paused.test.ts',
  'e2e/pipelined.test.ts',
  'e2e/shutdown.test.ts',
  'e2e/slow-reader.test.ts',
  'e2e/stalled.test.ts',
  'fleet/engine-polls.test.ts',
  'fleet/fleet.test.ts',
  'relay/response-writer.test.ts',
  'support/await.ts',
]

/** A limit that tap keeps for a test (`t.setTimeout`) is none, nor is the word in a comment. */
const TIMER = /(?<![.\w])set(Timeout|Interval)\(|\bsetTimeout\b.*'node:timers\/promises'|Atomics\.wait\(/
const PASSES = /\bletPass\(/

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(FOLDER, path), 'utf8') }))
const having = (pattern: RegExp): string[] =>
  files
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort()

t.test('only the files that are named here set timers', async (t) => {
  t.strictSame(having(TIMER), Object.keys(TIMERS).sort())
})

t.test('only the files that are named here let time pass', async (t) => {
  t.strictSame(having(PASSES), [...LET_PASS].sort())
})

t.test('sleeps in all their forms are seen', async (t) => {
  for (const sleep of [
    'await new Promise((resolve) => setTimeout(resolve, 5))',
    "import { setTimeout as sleep } from 'node:timers/promises'",
    'setInterval(() => look(), 5)',
    'Atomics.wait(new Int32Array(shared), 0, 0, 100)',
  ])
    t.match(sleep, TIMER)
  for (const none of ['t.setTimeout(180_000)', "import { setImmediate as turn } from 'node:timers/promises'"])
    t.notMatch(none, TIMER)
})
