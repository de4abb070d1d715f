/** The one place where the outcome of a request is recorded: fleet, metrics and log. Called exactly once, on every path out. */
import type { GatewayError } from '../core/errors.ts'
import type { Attempt, DecisionRecord, Deployment, GatewayRequest, RoutePlan, Settlement } from '../core/types.ts'
import type { Trail } from '../core/trail.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type Log, outcomeOf, requestLine } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Exchange } from '../upstream/exchange.ts'
import { costNanoUsd } from './cost.ts'
import { wasteOf } from './waste.ts'

export interface Ending {
  readonly request: GatewayRequest
  readonly plan: RoutePlan | null
  readonly trail: Trail
  /** Who answered; null where nobody did. */
  readonly committed: { readonly exchange: Exchange; readonly deployment: Deployment } | null
  readonly error: GatewayError | null
  readonly status: number
  readonly bytesOut: number
  readonly overheadMs: number
  readonly now: number
}

/** What is settled of whoever answered. */
type Answering = NonNullable<Ending['committed']>

export interface SettleTools {
  readonly fleet: Fleet
  readonly metrics: Metrics
  readonly log: Log
}

export function settle(ending: Ending, { fleet, metrics, log }: SettleTools): void {
  const { request, plan, committed, error, trail } = ending
  if (committed !== null) {
    const { exchange, deployment } = committed
    fleet.end(deployment, { endpoint: request.endpoint.id, error, ttftMs: exchange.ttftMs })
    trail.attempts.push(lastAttempt(committed, error))
  }
  const settlement = summarise(ending)
  metrics.settled(request, plan, settlement)
  const line = requestLine(request, plan?.record ?? error?.record ?? null, settlement)
  if (error?.source === 'turnout' || error?.source === 'upstream') log.requests.warn(line)
  else log.requests.info(line)
}

const lastAttempt = ({ exchange, deployment }: Answering, error: GatewayError | null): Attempt => ({
  backend: deployment.backend.name,
  model: deployment.model,
  status: exchange.status,
  error: error?.code ?? null,
  ttftMs: exchange.ttftMs,
})

/** The decision with its outcome, as the answer that is about to end can tell it; null where nothing was decided. Records nothing. */
export function explained(ending: Ending): object | null {
  const { committed, trail, error } = ending
  const record: DecisionRecord | null = ending.plan?.record ?? error?.record ?? null
  if (record === null) return null
  const attempts = committed === null ? trail.attempts : [...trail.attempts, lastAttempt(committed, error)]
  return { ...record, outcome: outcomeOf(summarise({ ...ending, trail: { ...trail, attempts } })) }
}

/** Finish reasons of a useful answer. Together says `eos`; `length` is a cut answer. */
const GOOD_FINISH: ReadonlySet<string> = new Set(['stop', 'tool_calls', 'function_call', 'eos'])

/** What is known at the end, in one value. Pure. */
function summarise(ending: Ending): Settlement {
  const { committed, error, request } = ending
  const track = committed?.exchange.track ?? null
  const usage = track?.usage ?? null
  const finish = track?.finish ?? null
  const finished = !request.endpoint.streams || (finish !== null && GOOD_FINISH.has(finish))
  const success = error === null && track !== null && track.content && finished
  return {
    attempts: ending.trail.attempts,
    usage,
    costNanoUsd: costNanoUsd(usage, committed?.deployment.facts.price ?? null),
    waste: success ? null : wasteOf({ plan: ending.plan, trail: ending.trail, track, error }),
    answered: committed !== null,
    ttftMs: committed?.exchange.ttftMs ?? null,
    totalMs: ending.now - request.startedAt,
    streamMs: ending.trail.committedAt === null ? null : ending.now - ending.trail.committedAt,
    overheadMs: ending.overheadMs,
    finish,
    success,
    status: error?.code === 'client_closed' ? error.status : ending.status,
    error,
    bytesOut: ending.bytesOut,
  }
}
