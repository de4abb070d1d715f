/** One session: what it took, came to and looks like. Bounded, whatever it does. */
import type { Account, Waste } from '../core/settlement.ts'
import { count, newTallies, newTrace, raised, type Signal, SIGNALS, type Tallies, type Trace } from './signals.ts'

/** Different models, and different errors, of one session; more are counted as `other`. */
const MOST_NAMES = 16

export interface Session {
  readonly id: string
  readonly key: string
  readonly team: string | null
  user: string | null
  agent: string | null
  /** Nobody named it: requests that begin alike are taken for one. */
  readonly derived: boolean
  /** Epoch ms. */
  startedAt: number
  lastAt: number
  requests: number
  successes: number
  attempts: number
  input: number
  cachedInput: number
  output: number
  reasoning: number
  /** Of input and output: those that are a guess. */
  estimated: number
  nanoUsd: number
  unpriced: number
  readonly waste: Map<string, number>
  readonly models: Map<string, number>
  readonly errors: Map<string, number>
  lastStatus: number
  readonly tallies: Tallies
  readonly trace: Trace
}

export const newSession = (
  who: Pick<Session, 'id' | 'key' | 'team' | 'user' | 'agent' | 'derived'>,
  at: number,
): Session => ({
  ...who,
  startedAt: at,
  lastAt: at,
  requests: 0,
  successes: 0,
  attempts: 0,
  input: 0,
  cachedInput: 0,
  output: 0,
  reasoning: 0,
  estimated: 0,
  nanoUsd: 0,
  unpriced: 0,
  waste: new Map(),
  models: new Map(),
  errors: new Map(),
  lastStatus: 0,
  tallies: newTallies(),
  trace: newTrace(),
})

/** Adds a finished request. */
export function add(session: Session, { request, subject, settlement, endedAt }: Account): void {
  const { attempts, usage, cost, success, error, status } = settlement
  session.lastAt = Math.max(session.lastAt, endedAt)
  session.user = subject.user ?? session.user
  session.agent = subject.agent ?? session.agent
  session.requests++
  session.attempts += attempts.length
  session.lastStatus = status
  if (success) session.successes++
  if (error !== null) plus(session.errors, error.code, 1)
  if (usage !== null) {
    session.input += usage.input
    session.cachedInput += usage.cachedInput
    session.output += usage.output
    session.reasoning += usage.reasoning
    if (usage.estimated) session.estimated += usage.input + usage.output
    if (cost === null) session.unpriced++
  }
  session.nanoUsd += cost?.nanoUsd ?? 0
  for (const { waste } of attempts) if (waste !== null) addWaste(session, waste)
  const last = attempts.at(-1)
  if (last !== undefined) plus(session.models, `${last.backend}/${last.model}`, 1)
  const retried = Number(request.headers['x-stainless-retry-count'] ?? 0) > 0
  count(session.tallies, session.trace, request.body, success, retried)
}

const addWaste = ({ waste }: Session, { reason, tokens }: Waste): void => plus(waste, reason, tokens)

function plus(counts: Map<string, number>, name: string, by: number): void {
  const own = counts.has(name) || counts.size < MOST_NAMES ? name : 'other'
  counts.set(own, (counts.get(own) ?? 0) + by)
}

/** The sum of several, at least one; a signal counts as much as in the worst of them. */
export function merged(all: readonly Session[]): Session {
  const sum = newSession({ ...all[0]!, derived: false }, Math.min(...all.map(({ startedAt }) => startedAt)))
  for (const one of all) {
    for (const name of SUMS) sum[name] += one[name]
    for (const name of ['waste', 'models', 'errors'] as const)
      for (const [what, by] of one[name]) plus(sum[name], what, by)
    for (const signal of Object.keys(SIGNALS) as Signal[])
      sum.tallies[signal] = Math.max(sum.tallies[signal], one.tallies[signal])
    if (one.lastAt >= sum.lastAt) sum.lastStatus = one.lastStatus
    sum.lastAt = Math.max(sum.lastAt, one.lastAt)
  }
  return sum
}

const SUMS = [
  'requests',
  'successes',
  'attempts',
  'input',
  'cachedInput',
  'output',
  'reasoning',
  'estimated',
  'nanoUsd',
  'unpriced',
] as const

/** As the admin API tells of it. `named`: what it is called there. */
export function shown(session: Session, named: Readonly<Record<string, unknown>>): object {
  const { input, cachedInput, output, reasoning, requests, successes, nanoUsd, unpriced } = session
  const tokens = input + output
  const wasted = [...session.waste.values()].reduce((sum, one) => sum + one, 0)
  return {
    ...named,
    started_at: new Date(session.startedAt).toISOString(),
    last_at: new Date(session.lastAt).toISOString(),
    requests,
    successes,
    attempts: session.attempts,
    tokens: { input, cached_input: cachedInput, output, reasoning },
    tokens_estimated: session.estimated,
    tokens_per_minute: Math.round(tokens / Math.max(1, (session.lastAt - session.startedAt) / 60_000)),
    cost_usd: nanoUsd / 1e9,
    unpriced_requests: unpriced,
    waste: Object.fromEntries(session.waste),
    waste_ratio: ratio(wasted, tokens),
    cache_share: ratio(cachedInput, input),
    reasoning_share: ratio(reasoning, output),
    cost_per_success_usd: successes === 0 ? null : nanoUsd / 1e9 / successes,
    tokens_per_success: successes === 0 ? null : tokens / successes,
    models: Object.fromEntries(session.models),
    errors: Object.fromEntries(session.errors),
    last_status: session.lastStatus,
    signals: raised(session.tallies),
  }
}

const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((1000 * part) / whole) / 1000
