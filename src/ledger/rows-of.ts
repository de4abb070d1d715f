/** A finished request -> its rows as JSON lines: the attempts, then the request, which ends them. Pure. */
import { type AttemptRecord, lastAnswer, type RequestRecord } from '../core/request-record.ts'
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
export function rowsOf(record: RequestRecord, writer: string, seq: number, decision: string | null): Rows {
  const { attempts, maxTokens } = record
  const shared = sharedText(record, writer)
  const last = lastAnswer(record)
  let text = ''
  for (let index = 0; index < attempts.length; index++)
    text += `{"kind":"attempt","seq":${seq + index},${shared},${attemptText(attempts[index]!, index, attempts[index] === last ? record : null)}}\n`
  text += `{"kind":"request","seq":${seq + attempts.length},${shared},${requestText(record)}`
  if (maxTokens !== null) text += `,"max_tokens":${maxTokens}`
  const parts = decision === null ? [`${text}}\n`] : [`${text},"decision":`, decision, '}\n']
  return { parts, count: attempts.length + 1 }
}

/** What the rows of a request have in common, without braces. Texts are put together by hand: that takes half of what a stringified object does. */
const sharedText = (record: RequestRecord, writer: string): string =>
  `"writer":"${writer}","at":"${new Date(record.endedAt).toISOString()}","request_id":${short(record.id)}` +
  `,"key":${quoted(record.key)},"team":${quoted(record.team)},"user":${short(record.user)}` +
  `,"session":${short(record.session)},"agent":${short(record.agent)},"route":${quoted(record.route)}` +
  `,"endpoint":${quoted(record.endpoint)},"requested_model":${quoted(record.requestedModel)},"stream":${record.stream}` +
  `,"labels":${JSON.stringify(record.labels)}`

/** `ended`: the request, where its answer ended with this call. */
const attemptText = (attempt: AttemptRecord, index: number, ended: RequestRecord | null): string =>
  `"attempt":${index + 1},"attempts":null,${placeText(attempt)},"status":${attempt.status}` +
  `,"error":${quoted(attempt.error)},"finish":${quoted(ended?.finish ?? null)}` +
  `,"success":${ended?.success ?? false}` +
  `,"why":${quoted(ended === null ? attempt.error : ended.why)},${totalText(totalOf([attempt]))}` +
  `,"ttft_ms":${round(attempt.ttftMs)},"total_ms":${round(attempt.totalMs)},"overhead_ms":null`

const requestText = (record: RequestRecord): string =>
  `"attempt":null,"attempts":${record.calls},${placeText(record)}` +
  `,"status":${record.status},"error":${quoted(record.error)}` +
  `,"finish":${quoted(record.finish)},"success":${record.success}` +
  `,"why":${quoted(record.why)},${totalText(record)}` +
  `,"ttft_ms":${round(record.ttftMs)},"total_ms":${round(record.totalMs)},"overhead_ms":${round(record.overheadMs)}`

const placeText = ({ backend, model, effort }: Pick<RequestRecord, 'backend' | 'model' | 'effort'>): string =>
  `"backend":${quoted(backend)},"model":${quoted(model)},"effort":${quoted(effort)}`

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

const short = (text: string | null): string =>
  quoted(text !== null && text.length > LONGEST ? text.slice(0, LONGEST) : text)

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
