/** The requests of an agent at honest work, with all that looks like a circle and is none. */
import type { Json } from '../../src/core/json.ts'

export interface Turn {
  readonly messages: readonly Json[]
  /** The first sending failed, and the SDK sent it again. */
  readonly retried: boolean
  readonly input: number
  readonly cached: number
  readonly output: number
}

const FILES = ['src/parse.ts', 'src/scan.ts', 'src/emit.ts', 'src/main.ts', 'src/lines.ts']

const call = (id: number, name: string, args: object): Json => ({
  id: `call_${id}`,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
})

/**
 * Three turns in a round: a file is read, edited, and the tests are run, with the same command each time. Edits all give the
 * same "ok", tests fail alike twice, two calls are made at once, the user says "continue" now and then, and a few requests are retried.
 */
export function* honestWork(turns: number): Generator<Turn> {
  const messages: Json[] = [
    { role: 'system', content: 'You are a coding agent. '.repeat(60) },
    { role: 'user', content: 'Mend the failing test of the parser, then simplify the module.' },
  ]
  let cached = 0
  for (let turn = 0; turn < turns; turn++) {
    const input = Math.ceil(JSON.stringify(messages).length / 4)
    yield { messages: [...messages], retried: turn % 13 === 5, input, cached, output: 60 }
    cached = Math.floor(input * 0.9)
    const round = Math.floor(turn / 3)
    const path = FILES[round % FILES.length]!
    const calls = [
      [
        call(turn, 'read_file', { path, from: round * 40 }),
        call(1000 + turn, 'list_files', { folder: `src/${round}` }),
      ],
      [call(turn, 'edit_file', { path, old: `value ${turn}`, new: `value ${turn + 1}` })],
      [call(turn, 'run_tests', { only: 'parser' })],
    ][turn % 3]!
    const results = [
      [`// ${path}\nexport const value = ${turn}\n`.repeat(20), 'parse.ts scan.ts'],
      ['ok'],
      [`${(round % 3) + 1} failed, ${40 + round} passed`],
    ][turn % 3]!
    messages.push({ role: 'assistant', content: null, tool_calls: calls })
    for (const [index, content] of results.entries())
      messages.push({ role: 'tool', tool_call_id: `call_${turn + 1000 * index}`, content })
    if (turn % 9 !== 8) continue
    messages.push({ role: 'assistant', content: `Round ${round} is done: ${path} has one test less that fails.` })
    messages.push({ role: 'user', content: 'continue' })
  }
}
