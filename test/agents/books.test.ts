/** The check at the end of `npm run test:agents` finds what it is there to find. */
import t from 'tap'
import { REAL_AGENTS, type RealAgent } from './agents.ts'
import { type BookedRow, booksOf } from './books.ts'
import type { Took } from './scripted-model.ts'

const agent = (id: string): RealAgent => REAL_AGENTS.find((one) => one.id === id)!
const AGENT_OF = new Map([
  ['codex-1', agent('codex')],
  ['codex-2', agent('codex')],
  ['qwen-code-1', agent('qwen-code')],
])

/** One attempt and the request that it was made for. */
function rowsOf(id: string, agent: string | null, session: string | null, output: number): BookedRow[] {
  const row = {
    request_id: id,
    agent,
    session,
    error: null,
    tokens: { input: 100, cached_input: 64, output, reasoning: 0 },
    waste: null,
  }
  return [
    { ...row, kind: 'attempt' },
    { ...row, kind: 'request' },
  ]
}

const tookOf = (mark: string, output: number): Took => ({ mark, input: 100, cached: 64, output, answers: 1 })

const ROWS = [
  ...rowsOf('a', 'codex', 'one', 7),
  ...rowsOf('b', 'codex', 'two', 8),
  ...rowsOf('c', 'qwen-code', null, 9),
]
const TOOK = new Map([
  ['a', tookOf('codex-1', 7)],
  ['b', tookOf('codex-2', 8)],
  ['c', tookOf('qwen-code-1', 9)],
])

t.test('rows that say what the model said add up', async (t) => {
  const { sums, wrong } = booksOf(ROWS, TOOK, AGENT_OF)
  t.strictSame(wrong, [])
  t.strictSame(sums, [
    { agent: 'codex', requests: 2, sessions: 2, input: 200, output: 15, wasted: 0 },
    { agent: 'qwen-code', requests: 1, sessions: 0, input: 100, output: 9, wasted: 0 },
  ])
})

t.test('what does not add up is said by request, agent and session', async (t) => {
  const wrongOf = (rows: readonly BookedRow[], took: ReadonlyMap<string, Took> = TOOK): readonly string[] =>
    booksOf(rows, took, AGENT_OF).wrong
  const [b, c] = [ROWS.slice(2, 4), ROWS.slice(4)] as const
  t.strictSame(wrongOf([...rowsOf('a', 'codex', 'one', 6), ...b, ...c]), [
    'request a: 6 output tokens in the ledger, 7 by the model',
  ])
  t.equal(wrongOf([...b, ...c]).length, 3, 'a request that is not in the ledger')
  t.equal(wrongOf(ROWS, new Map([...TOOK].slice(1))).length, 3, 'a request that the model does not know')
  t.strictSame(wrongOf([...rowsOf('a', 'opencode', 'one', 7), ...b, ...c]), [
    'a request of codex is counted under opencode',
  ])
  t.strictSame(wrongOf([...rowsOf('a', 'codex', 'two', 7), ...b, ...c]), [
    'session two holds the tasks codex-1, codex-2',
  ])
  const split = new Map([...TOOK, ['b', tookOf('codex-1', 8)]] as const)
  t.strictSame(wrongOf(ROWS, split), ['task codex-1 is in 2 sessions'])
})
