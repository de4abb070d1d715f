/** A finished request -> its rows as JSON lines: the attempts, then the request, which ends them. Pure. */
import { requestedModel } from '../core/requested-model.ts'
import type { Account, AttemptRecord, Settlement } from '../core/settlement.ts'
import { totalOf } from '../core/total.ts'
import { totalText } from '../core/total-row.ts'

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
  const lowered = account.plan?.maxTokens ?? null
  if (lowered !== null) text += `,"max_tokens":${lowered}`
  const parts = decision === null ? [`${text}}\n`] : [`${text},"decision":`, decision, '}\n']
  return { parts, count: attempts.length + 1 }
}

/** What the rows of a request have in common, without braces. Texts are put together by hand: that takes half of what a stringified object does. */
const sharedText = (account: Account, writer: string): string => {
  const { request, subject, endedAt } = account
  return (
    `"writer":"${writer}","at":"${new Date(endedAt).toISOString()}","request_id":${short(request.id)}` +
    `,"key":${quoted(subject.key)},"team":${quoted(subject.team)},"user":${short(subject.user)}` +
    `,"session":${short(subject.session)},"agent":${short(subject.agent)},"route":${quoted(subject.route)}` +
    `,"endpoint":${quoted(request.endpoint.id)},"requested_model":${quoted(requestedModel(account))},"stream":${request.stream}` +
    `,"labels":${JSON.stringify(request.principal.labels)}`
  )
}

function attemptText(attempt: AttemptRecord, index: number, settlement: Settlement): string {
  const answered = settlement.answered && index === settlement.attempts.length - 1
  return (
    `"attempt":${index + 1},"attempts":null,${placeText(attempt)},"status":${attempt.status}` +
    `,"error":${quoted(attempt.error)},"finish":${answered ? quoted(settlement.finish) : 'null'}` +
    `,"success":${answered && settlement.verdict.success}` +
    `,"why":${quoted(answered ? settlement.verdict.why : attempt.error)},${totalText(totalOf([attempt]))}` +
    `,"ttft_ms":${round(attempt.ttftMs)},"total_ms":${round(attempt.totalMs)},"overhead_ms":null`
  )
}

function requestText(settlement: Settlement): string {
  const { attempts } = settlement
  return (
    `"attempt":null,"attempts":${attempts.length},${placeText(attempts.at(-1) ?? NOWHERE)}` +
    `,"status":${settlement.status},"error":${quoted(settlement.error?.code ?? null)}` +
    `,"finish":${quoted(settlement.finish)},"success":${settlement.verdict.success}` +
    `,"why":${quoted(settlement.verdict.why)},${totalText(settlement.total)}` +
    `,"ttft_ms":${round(settlement.ttftMs)},"total_ms":${round(settlement.totalMs)},"overhead_ms":${round(settlement.overheadMs)}`
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

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

const short = (text: string | null): string =>
  quoted(text !== null && text.length > LONGEST ? text.slice(0, LONGEST) : text)

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
