/**
 * A finished request as JSON, for its line in the log. No prompts, no secrets, no addresses. Put together by hand: a stringified object takes
 * twice as long, for each request.
 */
import { type CandidateName, type DecisionRows, valueOf } from '../../core/decision-rows.ts'
import { usdOf } from '../../core/money.ts'
import type { AttemptRecord, RequestRecord } from '../../core/request-record.ts'
import type { Tokens, Total, Waste } from '../../core/settlement.ts'
import { COLUMN } from '../../core/terms.ts'
import { wasteInAll } from '../../core/total.ts'
import { failureLine } from './failure.ts'

/** The members of the line: what it was, where it went and what came next to it, and what it came to; without the whole decision. */
export const requestText = (record: RequestRecord): string =>
  `"request_id":${quoted(record.id)},"caller":${quoted(record.key)},"endpoint":${quoted(record.endpoint)}` +
  `,"model":${quoted(record.requestedModel)},"stream":${record.stream},"status":${record.status}` +
  known('team', record.team) +
  known('user', record.user) +
  known('session', record.session) +
  known('agent', record.agent) +
  failureText(record) +
  (record.queueMs === 0 ? '' : `,"queue_ms":${tenths(record.queueMs)}`) +
  `,"overhead_ms":${tenths(record.overheadMs)},"bytes_out":${record.bytesOut}` +
  known('route', record.route) +
  known('strategy', record.strategy) +
  known('class', record.class) +
  (record.trials.length === 0 ? '' : `,"trials":${JSON.stringify(record.trials)}`) +
  hintText(record.hinted) +
  (record.decision === null ? '' : choiceText('chosen', record.decision, 0) + choiceText('next', record.decision, 1)) +
  `,"outcome":${outcomeText(record)}`

/** What a record must hold for its outcome: that of an answer that is about to end will do. */
export type RequestOutcome = Total &
  Pick<RequestRecord<boolean | null>, 'ttftMs' | 'totalMs' | 'finish' | 'success' | 'score' | 'why'> & {
    readonly attempts: readonly Shown[]
  }

type Shown = Pick<AttemptRecord, 'backend' | 'model' | 'format' | 'lossy' | 'status' | 'error' | 'ttftMs'>

/** `outcome` of the line and of the decision record. */
export const outcomeText = (record: RequestOutcome): string =>
  `{"attempts":${attemptsText(record.attempts)},${totalText(record)}` +
  `,"ttft_ms":${tenths(record.ttftMs)},"total_ms":${tenths(record.totalMs)},"finish":${quoted(record.finish)}` +
  `,"success":${record.success},"score":${record.score},"why":${quoted(record.why)}}`

function attemptsText(attempts: readonly Shown[]): string {
  let text = ''
  for (const { backend, model, format, lossy, status, error, ttftMs } of attempts)
    text +=
      `${text === '' ? '' : ','}{"backend":${quoted(backend)},"model":${quoted(model)},"status":${status}` +
      `,"error":${quoted(error)},"ttft_ms":${tenths(ttftMs)}` +
      known('format', format) +
      (lossy.length === 0 ? '}' : `,"lossy":${JSON.stringify(lossy)}}`)
  return `[${text}]`
}

function totalText(total: Total): string {
  const { tokens, cost, partial } = total
  return (
    `"tokens":${tokensText(tokens)},"cost_usd":${cost === null ? null : usdOf(cost.nanoUsd)}` +
    (partial ? ',"cost_partial":true' : '') +
    known('cost_source', cost === null ? null : cost.source) +
    `,"wasted":${wasteText(wasteInAll(total))}`
  )
}

const tokensText = (tokens: Tokens | null): string =>
  tokens === null
    ? 'null'
    : `{"input":${tokens.input},"cached_input":${tokens.cachedInput},"output":${tokens.output}` +
      `,"reasoning":${tokens.reasoning}${tokens.estimated ? ',"estimated":true' : ''}}`

const wasteText = (waste: Waste | null): string =>
  waste === null ? 'null' : `{"reason":${quoted(waste.reason)},"tokens":${waste.tokens}}`

const hintText = (hinted: RequestRecord['hinted']): string =>
  hinted === null
    ? ''
    : `,"hint":{"name":"${hinted.hint}","request_id":${quoted(hinted.about)}` +
      `,"backend":${quoted(hinted.backend)},"model":${quoted(hinted.model)}}`

const failureText = ({ error, failure }: RequestRecord): string =>
  error === null || failure === null ? '' : `,"error":${JSON.stringify(failureLine(error, failure))}`

/** The candidate at a place of the order; nothing where there is none. */
function choiceText(as: string, decision: DecisionRows, place: number): string {
  const name = decision.order[place]
  if (name === undefined) return ''
  const { backend, model, effort } = name
  const utility = valueOf(decision, placeOf(decision, name), COLUMN.utility)
  return (
    `,"${as}":{"backend":${quoted(backend)},"model":${quoted(model)}${known('effort', effort)}` +
    `,"utility":${utility === null ? null : Math.round(utility * 1000) / 1000}}`
  )
}

const placeOf = ({ candidates }: DecisionRows, { id, effort }: CandidateName): number =>
  candidates.findIndex((one) => one.id === id && one.effort === effort)

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

/** A member that is absent where it is not known. */
const known = (name: string, text: string | null): string => (text === null ? '' : `,"${name}":${JSON.stringify(text)}`)

const tenths = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
