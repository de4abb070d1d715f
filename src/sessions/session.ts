/** What one agent took within one session, came to and looks like. Bounded, whatever it does. */
import { usdOf } from '../core/money.ts'
import { type Counted, startOf } from '../core/counted.ts'
import { countEnding, newTallies, newTrace, raised, SIGNAL_NAMES, type Tallies, type StepTrace } from './signals.ts'

/** Different models, routes and errors of one session; more are counted as `other`. */
const MOST_NAMES = 16

type Counts = Map<string, number>

export interface Session {
  readonly id: string
  readonly key: string
  readonly team: string | null
  user: string | null
  readonly agent: string | null
  /** The caller named none: requests that begin alike are taken for one session. */
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
  /** Of streams: the sum, and how many there were. */
  ttftMs: number
  streams: number
  /** Null: nothing was counted. A table for each of them takes more than the rest of a session of one request. */
  waste: Counts | null
  models: Counts | null
  routes: Counts | null
  errors: Counts | null
  lastStatus: number
  readonly tallies: Tallies
  readonly trace: StepTrace
}

export type Who = Pick<Session, 'id' | 'key' | 'team' | 'user' | 'agent' | 'derived'>

export const newSession = (who: Who, at: number): Session => ({
  id: who.id,
  key: who.key,
  team: who.team,
  user: who.user,
  agent: who.agent,
  derived: who.derived,
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
  ttftMs: 0,
  streams: 0,
  waste: null,
  models: null,
  routes: null,
  errors: null,
  lastStatus: 0,
  tallies: newTallies(),
  trace: newTrace(),
})

/** Adds a finished request. */
export function add(session: Session, request: Counted): void {
  const { tokens, cost, partial, waste, error, route, backend, model, ttftMs, endedAt } = request
  session.startedAt = Math.min(session.startedAt, startOf(request))
  session.lastAt = Math.max(session.lastAt, endedAt)
  session.user = request.user ?? session.user
  session.requests++
  session.attempts += request.calls
  session.lastStatus = request.status
  if (request.success) session.successes++
  if (error !== null) plus((session.errors ??= newCounts()), error, 1)
  if (route !== null) plus((session.routes ??= newCounts()), route, 1)
  if (backend !== null && model !== null) plus((session.models ??= newCounts()), `${backend}/${model}`, 1)
  if (ttftMs !== null) {
    session.ttftMs += ttftMs
    session.streams++
  }
  if (tokens !== null) {
    session.input += tokens.input
    session.cachedInput += tokens.cachedInput
    session.output += tokens.output
    session.reasoning += tokens.reasoning
    if (tokens.estimated) session.estimated += tokens.input + tokens.output
  }
  session.nanoUsd += cost?.nanoUsd ?? 0
  if (partial) session.unpriced++
  for (const { reason, tokens: wasted } of waste) plus((session.waste ??= newCounts()), reason, wasted)
  const fresh = tokens === null ? 0 : tokens.input - tokens.cachedInput + tokens.output
  countEnding(session.tallies, session.trace, { useful: request.success, at: endedAt, fresh })
}

const newCounts = (): Counts => new Map()

function plus(counts: Counts, name: string, by: number): void {
  const own = counts.has(name) || counts.size < MOST_NAMES ? name : 'other'
  counts.set(own, (counts.get(own) ?? 0) + by)
}

/** The sum of several, at least one, named as the last that was active; a signal counts as much as in the worst of them. */
export function merged(all: readonly Session[]): Session {
  const last = all.reduce((one, other) => (other.lastAt > one.lastAt ? other : one))
  if (all.length === 1) return last
  const sum = newSession(last, last.startedAt)
  sum.lastAt = last.lastAt
  sum.lastStatus = last.lastStatus
  for (const one of all) {
    sum.startedAt = Math.min(sum.startedAt, one.startedAt)
    for (const name of SUMS) sum[name] += one[name]
    for (const name of NAMED) for (const [what, by] of one[name] ?? []) plus((sum[name] ??= newCounts()), what, by)
    for (const signal of SIGNAL_NAMES) sum.tallies[signal] = Math.max(sum.tallies[signal], one.tallies[signal])
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
  'ttftMs',
  'streams',
] as const
const NAMED = ['waste', 'models', 'routes', 'errors'] as const

export function wasteOf({ waste }: Session): number {
  let sum = 0
  for (const tokens of waste?.values() ?? []) sum += tokens
  return sum
}

/** As the admin API shows it. `named`: its names there. */
export function shown(session: Session, named: Readonly<Record<string, unknown>>): object {
  const { input, cachedInput, output, reasoning, requests, successes, nanoUsd, unpriced, streams } = session
  const tokens = input + output
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
    cost_usd: usdOf(nanoUsd),
    unpriced_requests: unpriced,
    waste: Object.fromEntries(session.waste ?? []),
    waste_ratio: ratio(wasteOf(session), tokens),
    cache_share: ratio(cachedInput, input),
    reasoning_share: ratio(reasoning, output),
    cost_per_success_usd: successes === 0 ? null : usdOf(nanoUsd) / successes,
    tokens_per_success: successes === 0 ? null : tokens / successes,
    ttft_ms: streams === 0 ? null : Math.round(session.ttftMs / streams),
    models: Object.fromEntries(session.models ?? []),
    routes: Object.fromEntries(session.routes ?? []),
    errors: Object.fromEntries(session.errors ?? []),
    last_status: session.lastStatus,
    signals: raised(session.tallies),
  }
}

const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((1000 * part) / whole) / 1000
