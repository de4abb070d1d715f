/** A finished request -> its rows as JSON: the attempts, then the request, which ends them. Pure. */
import type { Hinted } from '../core/hints.ts'
import { lastAnswer } from '../core/request-record.ts'
import { totalOf } from '../core/total.ts'
import { totalText } from '../core/total-row.ts'
import { isNoted, LONGEST_NAME, type RowKind } from './row.ts'
import type { WrittenAttempt, WrittenRequest } from './written-request.ts'

export interface RowText {
  readonly seq: number
  /** JSON, without a line end. */
  readonly text: string
}

/** `seq` is that of the first row; the others follow it. `decision`: JSON, null where it is left out. `kind`: undefined = both. */
export function rowsOf(
  record: WrittenRequest,
  writer: string,
  seq: number,
  decision: string | null,
  kind?: RowKind,
): readonly RowText[] {
  const { attempts } = record
  const shared = sharedText(record, writer)
  const last = lastAnswer(record)
  const rows: RowText[] = []
  const add = (kind: RowKind, place: number, own: string): void => {
    rows.push({ seq: seq + place, text: `{"kind":"${kind}","seq":${seq + place},${shared},${own}}` })
  }
  if (kind !== 'request')
    for (const [index, attempt] of attempts.entries())
      add('attempt', index, attemptText(attempt, index, attempt === last ? record : null))
  if (kind !== 'attempt') add('request', attempts.length, requestText(record, decision))
  return rows
}

/** What the rows of a request have in common, without braces. Texts are put together by hand: that takes half of what a stringified object does. */
const sharedText = (record: WrittenRequest, writer: string): string =>
  `"writer":"${writer}","at":"${new Date(record.endedAt).toISOString()}","request_id":${short(record.id)}` +
  `,"key":${quoted(record.key)},"team":${quoted(record.team)},"user":${short(record.user)}` +
  `,"session":${short(record.session)},"agent":${short(record.agent)},"route":${quoted(record.route)}` +
  `,"endpoint":${quoted(record.endpoint)},"requested_model":${quoted(record.requestedModel)},"stream":${record.stream}` +
  `,"labels":${JSON.stringify(record.labels)}`

/** `ended`: the request, where its answer ended with this call. */
const attemptText = (attempt: WrittenAttempt, index: number, ended: WrittenRequest | null): string =>
  `"attempt":${index + 1},"attempts":null,${placeText(attempt)},"status":${attempt.status}` +
  `,"error":${quoted(attempt.error)},"finish":${quoted(ended?.finish ?? null)}` +
  `,"success":${ended?.success ?? false}` +
  `,"why":${quoted(ended === null ? attempt.error : ended.why)},${totalText(totalOf([attempt]))}` +
  `,"ttft_ms":${round(attempt.ttftMs)},"total_ms":${round(attempt.totalMs)},"overhead_ms":null` +
  (attempt.format === null ? '' : `,"format":${quoted(attempt.format)}`) +
  (attempt.lossy.length === 0 ? '' : `,"lossy":${JSON.stringify(attempt.lossy)}`)

const requestText = (record: WrittenRequest, decision: string | null): string =>
  `"attempt":null,"attempts":${record.calls},${placeText(record)}` +
  `,"status":${record.status},"error":${quoted(record.error)}` +
  `,"finish":${quoted(record.finish)},"success":${record.success}` +
  `,"why":${quoted(record.why)},${totalText(record)}` +
  `,"ttft_ms":${round(record.ttftMs)},"total_ms":${round(record.totalMs)},"overhead_ms":${round(record.overheadMs)}` +
  (isNoted(record.queueMs) ? `,"queue_ms":${round(record.queueMs)}` : '') +
  (record.maxTokens === null ? '' : `,"max_tokens":${record.maxTokens}`) +
  (record.trials.length === 0
    ? ''
    : `,"trials":${JSON.stringify(record.trials)},"conversation":${short(record.affinity)}`) +
  (record.hinted === null ? '' : `,"hint":${hintText(record.hinted)}`) +
  (decision === null ? '' : `,"decision":${decision}`)

const hintText = ({ hint, about, backend, model }: Hinted): string =>
  `{"name":"${hint}","request_id":${short(about)},"backend":${quoted(backend)},"model":${quoted(model)}}`

const placeText = ({ backend, model, effort }: Pick<WrittenRequest, 'backend' | 'model' | 'effort'>): string =>
  `"backend":${quoted(backend)},"model":${quoted(model)},"effort":${quoted(effort)}`

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

const short = (text: string | null): string =>
  quoted(text !== null && text.length > LONGEST_NAME ? text.slice(0, LONGEST_NAME) : text)

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
