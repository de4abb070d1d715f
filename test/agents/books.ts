/** Whether the ledger says what the scripted model answered, agent by agent and session by session. Pure. */
import type { LedgerRow } from '../../src/ledger/row.ts'
import type { RealAgent } from './agents.ts'
import type { Took } from './scripted-model.ts'

export interface Sum {
  readonly agent: string
  readonly requests: number
  /** That have a name. */
  readonly sessions: number
  readonly input: number
  readonly output: number
  readonly wasted: number
}

/** What is read of a row. */
export type BookedRow = Pick<LedgerRow, 'kind' | 'request_id' | 'agent' | 'session' | 'error' | 'tokens' | 'waste'>

export interface Books {
  readonly sums: readonly Sum[]
  /** What does not add up, in words; empty: all does. */
  readonly wrong: readonly string[]
}

/** `rows`: of both kinds. `agentOf`: whose task it is. */
export function booksOf(
  rows: readonly BookedRow[],
  took: ReadonlyMap<string, Took>,
  agentOf: ReadonlyMap<string, RealAgent>,
): Books {
  const requests = rows.filter(({ kind }) => kind === 'request')
  const wrong = [...answersThatDiffer(rows, took), ...strangeNames(requests, took, agentOf)]
  const byAgent = groupBy(requests, ({ agent }) => agent ?? '-')
  const sums = [...byAgent].map(([agent, own]) => ({
    agent,
    requests: own.length,
    sessions: new Set(own.map(({ session }) => session).filter((session) => session !== null)).size,
    input: total(own, ({ tokens }) => tokens?.input ?? 0),
    output: total(own, ({ tokens }) => tokens?.output ?? 0),
    wasted: total(own, ({ waste }) => waste?.tokens ?? 0),
  }))
  return { sums: sums.sort((a, b) => a.agent.localeCompare(b.agent)), wrong }
}

function groupBy<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

const total = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((sum, one) => sum + of(one), 0)

/** The model's whole answers against the attempts that ended well, one request after the other: to the token. */
function answersThatDiffer(rows: readonly BookedRow[], took: ReadonlyMap<string, Took>): string[] {
  const good = rows.filter(({ kind, error, tokens }) => kind === 'attempt' && error === null && tokens !== null)
  const byRequest = groupBy(good, (row) => row.request_id)
  return [...new Set([...took.keys(), ...byRequest.keys()])].flatMap((id) => {
    const own = byRequest.get(id) ?? []
    const said = took.get(id)
    const kinds = ['input', 'cached', 'output'] as const
    const booked = {
      input: total(own, ({ tokens }) => tokens?.input ?? 0),
      cached: total(own, ({ tokens }) => tokens?.cached_input ?? 0),
      output: total(own, ({ tokens }) => tokens?.output ?? 0),
    }
    return kinds
      .filter((kind) => booked[kind] !== (said?.[kind] ?? 0))
      .map((kind) => `request ${id}: ${booked[kind]} ${kind} tokens in the ledger, ${said?.[kind] ?? 0} by the model`)
  })
}

/** Each task is one agent's, and no session holds two tasks; where the agent names its sessions, each task is one session. */
function strangeNames(
  requests: readonly BookedRow[],
  took: ReadonlyMap<string, Took>,
  agentOf: ReadonlyMap<string, RealAgent>,
): string[] {
  const known = requests.flatMap((row) => {
    const mark = took.get(row.request_id)?.mark
    const agent = mark === undefined ? undefined : agentOf.get(mark)
    return mark === undefined || agent === undefined ? [] : [{ row, mark, agent }]
  })
  const misnamed = known
    .filter(({ row, agent }) => row.agent !== agent.countedAs)
    .map(({ row, agent }) => `a request of ${agent.id} is counted under ${row.agent ?? 'no agent'}`)
  const shared = [...groupBy(known, ({ row }) => row.session)]
    .filter(([session, own]) => session !== null && new Set(own.map(({ mark }) => mark)).size > 1)
    .map(
      ([session, own]) => `session ${session} holds the tasks ${[...new Set(own.map(({ mark }) => mark))].join(', ')}`,
    )
  const split = [...groupBy(known, ({ mark }) => mark)]
    .filter(([, own]) => own[0]?.agent.namesSessions && new Set(own.map(({ row }) => row.session)).size > 1)
    .map(([mark, own]) => `task ${mark} is in ${new Set(own.map(({ row }) => row.session)).size} sessions`)
  return [...new Set([...misnamed, ...shared, ...split])]
}
