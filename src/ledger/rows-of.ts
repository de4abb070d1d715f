/** A finished request -> its rows as JSON lines: the attempts, then the request, which ends them. Pure. */
import type { Account, Attempt, Settlement, Usage, Waste } from '../core/settlement.ts'
import { type RowTokens, usdText } from './row.ts'

/** Names that callers choose are no longer than this. */
const LONGEST = 256

export interface Rows {
  /** One after the other they are the lines. A decision is a part of its own: to put such long texts together costs more than all the rest. */
  readonly parts: readonly string[]
  readonly count: number
}

/** `seq` is that of the first row; the others follow it. `decision`: JSON, null where it is left out. */
export function rowsOf(account: Account, writer: string, seq: number, decision: string | null): Rows {
  const { attempts } = account.settlement
  const shared = sharedText(account, writer)
  let text = ''
  for (let index = 0; index < attempts.length; index++)
    text += `{"kind":"attempt","seq":${seq + index},${shared},${attemptText(attempts[index]!, index, account.settlement)}}\n`
  text += `{"kind":"request","seq":${seq + attempts.length},${shared},${requestText(account.settlement)}`
  const parts = decision === null ? [`${text}}\n`] : [`${text},"decision":`, decision, '}\n']
  return { parts, count: attempts.length + 1 }
}

/** What the rows of a request have in common, without braces. Texts are put together by hand: that takes half of what a stringified object does. */
const sharedText = ({ request, subject, endedAt }: Account, writer: string): string =>
  `"writer":"${writer}","at":"${new Date(endedAt).toISOString()}","request_id":${short(request.id)}` +
  `,"key":${quoted(subject.key)},"team":${quoted(subject.team)},"user":${short(subject.user)}` +
  `,"session":${short(subject.session)},"agent":${short(subject.agent)},"route":${quoted(subject.route)}` +
  `,"endpoint":${quoted(request.endpoint.id)},"requested_model":${short(request.model)},"stream":${request.stream}` +
  `,"labels":${JSON.stringify(request.principal.labels)}`

function attemptText(attempt: Attempt, index: number, settlement: Settlement): string {
  const answered = settlement.answered && index === settlement.attempts.length - 1
  const { usage, cost } = attempt
  return (
    `"attempt":${index + 1},"attempts":null,${placeText(attempt)},"status":${attempt.status}` +
    `,"error":${quoted(attempt.error)},"finish":${answered ? quoted(settlement.finish) : 'null'}` +
    `,"success":${answered && settlement.success}` +
    `,"why":${quoted(answered ? settlement.verdict.why : attempt.error)},${usageText(usage)}` +
    `,"cost_usd":${usdOf(cost?.nanoUsd ?? null)},"cost_partial":${usage !== null && cost === null}` +
    `,"cost_source":${quoted(cost?.source ?? null)},"waste":${wasteText(attempt.waste)}` +
    `,"ttft_ms":${round(attempt.ttftMs)},"total_ms":${round(attempt.totalMs)},"overhead_ms":null`
  )
}

function requestText(settlement: Settlement): string {
  const { attempts } = settlement
  const sums = sumsOf(attempts)
  return (
    `"attempt":null,"attempts":${attempts.length},${placeText(attempts.at(-1) ?? NOWHERE)}` +
    `,"status":${settlement.status},"error":${quoted(settlement.error?.code ?? null)}` +
    `,"finish":${quoted(settlement.finish)},"success":${settlement.success}` +
    `,"why":${quoted(settlement.verdict.why)},${usageText(settlement.usage)}` +
    `,"cost_usd":${usdOf(sums.nanoUsd)},"cost_partial":${sums.partial},"cost_source":${quoted(sums.source)}` +
    `,"waste":${wasteText(sums.waste)},"ttft_ms":${round(settlement.ttftMs)}` +
    `,"total_ms":${round(settlement.totalMs)},"overhead_ms":${round(settlement.overheadMs)}`
  )
}

interface Place {
  readonly backend: string | null
  readonly model: string | null
  readonly effort: string | null
}

const NOWHERE: Place = { backend: null, model: null, effort: null }

const placeText = ({ backend, model, effort }: Place): string =>
  `"backend":${quoted(backend)},"model":${quoted(model)},"effort":${quoted(effort)}`

function usageText(usage: Usage | null): string {
  if (usage === null) return '"tokens":null,"tokens_estimated":false'
  const { cacheWrite, audioInput, audioOutput, imageInput } = usage
  const rare =
    cacheWrite + audioInput + audioOutput + imageInput === 0
      ? ''
      : more('cache_write', cacheWrite) +
        more('audio_input', audioInput) +
        more('audio_output', audioOutput) +
        more('image_input', imageInput)
  return (
    `"tokens":{"input":${usage.input},"cached_input":${usage.cachedInput},"output":${usage.output}` +
    `,"reasoning":${usage.reasoning}${rare}},"tokens_estimated":${usage.estimated}`
  )
}

const more = (kind: keyof RowTokens, count: number): string => (count === 0 ? '' : `,"${kind}":${count}`)

const wasteText = (waste: Waste | null): string =>
  waste === null ? 'null' : `{"reason":"${waste.reason}","tokens":${waste.tokens}}`

const usdOf = (nanoUsd: number | null): string => (nanoUsd === null ? 'null' : usdText(nanoUsd))

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

const short = (text: string | null): string =>
  quoted(text !== null && text.length > LONGEST ? text.slice(0, LONGEST) : text)

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)

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
