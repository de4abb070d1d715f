/** A request as attributes of spans. No prompts, no answers, no users, no addresses of backends. */
import { usdOf } from '../../core/money.ts'
import type { AttemptRecord, RequestRecord } from '../../core/request-record.ts'
import { isUnpriced, wasteInAll } from '../../core/total.ts'
import { withoutOf } from '../../core/trial.ts'
import type { Sampling } from '../../core/prompt.ts'
import { operationOf, SELF } from './names.ts'

export type Attributes = Record<string, string | number | boolean | string[]>

/** Those that are not known are left out. */
type Known = Readonly<Record<string, Attributes[string] | null | undefined>>

function known(values: Known): Attributes {
  const attributes: Attributes = {}
  for (const name in values) {
    const value = values[name]
    if (value !== null && value !== undefined) attributes[name] = value
  }
  return attributes
}

/** Of the request as a whole. Tokens are on its calls only, so that nothing counts them twice. */
export function requestAttributes(record: RequestRecord): Attributes {
  const { cost, partial } = record
  const waste = wasteInAll(record)
  return known({
    'http.request.method': 'POST',
    'http.route': record.path,
    'http.response.status_code': record.status,
    'gen_ai.operation.name': operationOf(record.endpoint),
    'gen_ai.provider.name': SELF,
    'gen_ai.request.model': record.requestedModel,
    'gen_ai.request.stream': record.stream,
    'gen_ai.conversation.id': record.session,
    'error.type': record.error,
    'turnout.request_id': record.id,
    'turnout.key': record.key,
    'turnout.team': record.team,
    'turnout.route': record.route,
    'turnout.strategy': record.strategy,
    'turnout.class': record.class,
    'turnout.explored': record.explored,
    'turnout.control': listOrNull(withoutOf(record.trials)),
    'turnout.attempts': record.calls,
    'turnout.overhead_ms': record.overheadMs,
    'turnout.queue_ms': record.queueMs === 0 ? null : record.queueMs,
    'turnout.success': record.success,
    'turnout.verdict': record.why,
    'turnout.cost_usd': cost === null ? null : usdOf(cost.nanoUsd),
    'turnout.cost.source': cost?.source,
    'turnout.cost.partial': partial ? true : null,
    'turnout.waste.reason': waste?.reason,
    'turnout.waste.tokens': waste?.tokens,
  })
}

const listOrNull = (names: readonly string[]): string[] | null => (names.length === 0 ? null : [...names])

/** Of one call. `finish`: that of the answer, where this call brought one. */
export function attemptAttributes(
  record: RequestRecord,
  attempt: AttemptRecord,
  provider: string,
  finish: string | null,
): Attributes {
  const { usage, cost, waste } = attempt
  return known({
    'gen_ai.operation.name': operationOf(record.endpoint),
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': attempt.model,
    ...(record.sampling === null ? {} : parametersOf(record.sampling)),
    'gen_ai.request.stream': record.stream,
    'gen_ai.response.model': attempt.answeredAs,
    'gen_ai.response.finish_reasons': finish === null ? null : [finish],
    'gen_ai.response.time_to_first_chunk': attempt.ttftMs === null ? null : attempt.ttftMs / 1000,
    'gen_ai.usage.input_tokens': usage?.input,
    'gen_ai.usage.output_tokens': usage?.output,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInput,
    'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWrite,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoning,
    'http.response.status_code': attempt.status,
    'error.type': attempt.error,
    'turnout.backend': attempt.backend,
    'turnout.effort': attempt.effort,
    'turnout.usage.estimated': usage?.estimated,
    'turnout.cost_usd': cost === null ? null : usdOf(cost.nanoUsd),
    'turnout.cost.source': cost?.source,
    'turnout.cost.partial': isUnpriced(attempt) ? true : null,
    'turnout.waste.reason': waste?.reason,
    'turnout.waste.tokens': waste?.tokens,
  })
}

const parametersOf = (sampling: Sampling): Known => ({
  'gen_ai.request.max_tokens': sampling.maxOutput,
  'gen_ai.request.choice.count': sampling.choices === 1 ? null : sampling.choices,
  'gen_ai.request.temperature': sampling.temperature,
  'gen_ai.request.top_p': sampling.topP,
  'gen_ai.request.top_k': sampling.topK,
  'gen_ai.request.frequency_penalty': sampling.frequencyPenalty,
  'gen_ai.request.presence_penalty': sampling.presencePenalty,
  'gen_ai.request.seed': sampling.seed,
})
