/** A finished request -> its rows as text: the attempts, then the request, which ends them. Pure. */
import type { Account, Attempt, Settlement, Usage, Waste } from '../core/settlement.ts'
import { type RowTokens, usdText } from './row.ts'

/** Names that callers choose are no longer than this. */
const LONGEST = 256

export interface Rows {
  /** JSON lines. */
  readonly text: string
  readonly count: number
}

/** `seq` is that of the first row; the others follow it. `decision`: JSON, null where it is left out. */
export function rowsOf(account: Account, writer: string, seq: number, decision: string | null): Rows {
  const { attempts } = account.settlement
  const shared = sharedText(account, writer)
  let text = ''
  for (let index = 0; index < attempts.length; index++)
    text += `{"kind":"attempt","seq":${seq + index},${shared},${attemptText(attempts[index]!, index, account.settlement)}}\n`
  const last = decision === null ? '' : `,"decision":${decision}`
  text += `{"kind":"request","seq":${seq + attempts.length},${shared},${requestText(account.settlement)}${last}}\n`
  return { text, count: attempts.length + 1 }
}

/** What the rows of a request have in common, without braces. */
function sharedText({ request, subject, endedAt }: Account, writer: string): string {
  return members({
    writer,
    at: new Date(endedAt).toISOString(),
    request_id: short(request.id),
    key: subject.key,
    team: subject.team,
    user: short(subject.user),
    session: short(subject.session),
    agent: short(subject.agent),
    route: subject.route,
    endpoint: request.endpoint.id,
    requested_model: short(request.model),
    stream: request.stream,
    labels: request.principal.labels,
  })
}

function attemptText(attempt: Attempt, index: number, settlement: Settlement): string {
  const answered = settlement.answered && index === settlement.attempts.length - 1
  const { usage, cost } = attempt
  const rest = members({
    attempt: index + 1,
    attempts: null,
    backend: attempt.backend,
    model: attempt.model,
    effort: attempt.effort,
    status: attempt.status,
    error: attempt.error,
    finish: answered ? settlement.finish : null,
    success: answered && settlement.success,
    why: answered ? settlement.verdict.why : attempt.error,
    tokens: tokensOf(usage),
    tokens_estimated: usage?.estimated ?? false,
    cost_partial: usage !== null && cost === null,
    cost_source: cost?.source ?? null,
    waste: attempt.waste,
    ttft_ms: round(attempt.ttftMs),
    total_ms: round(attempt.totalMs),
    overhead_ms: null,
  })
  return `${rest},"cost_usd":${cost === null ? 'null' : usdText(cost.nanoUsd)}`
}

function requestText(settlement: Settlement): string {
  const { attempts, usage } = settlement
  const last = attempts.at(-1)
  const sums = sumsOf(attempts)
  const rest = members({
    attempt: null,
    attempts: attempts.length,
    backend: last?.backend ?? null,
    model: last?.model ?? null,
    effort: last?.effort ?? null,
    status: settlement.status,
    error: settlement.error?.code ?? null,
    finish: settlement.finish,
    success: settlement.success,
    why: settlement.verdict.why,
    tokens: tokensOf(usage),
    tokens_estimated: usage?.estimated ?? false,
    cost_partial: sums.partial,
    cost_source: sums.source,
    waste: sums.waste,
    ttft_ms: round(settlement.ttftMs),
    total_ms: round(settlement.totalMs),
    overhead_ms: round(settlement.overheadMs),
  })
  return `${rest},"cost_usd":${sums.nanoUsd === null ? 'null' : usdText(sums.nanoUsd)}`
}

interface Sums {
  readonly nanoUsd: number | null
  readonly partial: boolean
  readonly source: string | null
  readonly waste: Waste | null
}

/** What is known: a settlement has no cost where a part of it is unknown, and rows of requests must sum up to those of attempts. */
function sumsOf(attempts: readonly Attempt[]): Sums {
  let nanoUsd: number | null = null
  let partial = false
  let source: string | null = null
  let wasted = 0
  let reason: Waste['reason'] | null = null
  for (const one of attempts) {
    if (one.cost !== null) {
      nanoUsd = (nanoUsd ?? 0) + one.cost.nanoUsd
      source = one.cost.source
    } else if (one.usage !== null) partial = true
    if (one.waste !== null) {
      wasted += one.waste.tokens
      reason = one.waste.reason
    }
  }
  return { nanoUsd, partial, source, waste: reason === null ? null : { reason, tokens: wasted } }
}

function tokensOf(usage: Usage | null): RowTokens | null {
  if (usage === null) return null
  const { input, cachedInput, output, reasoning, cacheWrite, audioInput, audioOutput, imageInput } = usage
  const common = { input, cached_input: cachedInput, output, reasoning }
  if (cacheWrite + audioInput + audioOutput + imageInput === 0) return common
  return {
    ...common,
    ...(cacheWrite === 0 ? {} : { cache_write: cacheWrite }),
    ...(audioInput === 0 ? {} : { audio_input: audioInput }),
    ...(audioOutput === 0 ? {} : { audio_output: audioOutput }),
    ...(imageInput === 0 ? {} : { image_input: imageInput }),
  }
}

const members = (object: object): string => JSON.stringify(object).slice(1, -1)

function short<T extends string | null>(text: T): T {
  return (text !== null && text.length > LONGEST ? text.slice(0, LONGEST) : text) as T
}

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
