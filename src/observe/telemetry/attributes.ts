/** An account as attributes of spans. No prompts, no answers, no users, no addresses of backends. */
import type { Account, AttemptRecord } from '../../core/settlement.ts'
import { isUnpriced, wasteInAll } from '../../core/total.ts'
import type { Sampling } from '../../core/prompt.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { requestedModel } from '../../core/requested-model.ts'
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

/** Of the request as a whole. Tokens are told by its calls only, so that nobody counts them twice. */
export function requestAttributes(account: Account): Attributes {
  const { request, subject, plan, settlement } = account
  const { verdict, total, error, attempts } = settlement
  const { cost, partial } = total
  const waste = wasteInAll(total)
  const record = plan?.record ?? null
  return known({
    'http.request.method': 'POST',
    'http.route': request.endpoint.path,
    'http.response.status_code': settlement.status,
    'gen_ai.operation.name': operationOf(request.endpoint.id),
    'gen_ai.provider.name': SELF,
    'gen_ai.request.model': requestedModel(account),
    'gen_ai.request.stream': request.stream,
    'gen_ai.conversation.id': subject.session,
    'error.type': error?.code,
    'turnout.request_id': request.id,
    'turnout.key': subject.key,
    'turnout.team': subject.team,
    'turnout.route': subject.route,
    'turnout.strategy': record?.strategy,
    'turnout.class': record?.profile.class,
    'turnout.explored': record?.explored,
    'turnout.attempts': attempts.length,
    'turnout.overhead_ms': settlement.overheadMs,
    'turnout.success': verdict.success,
    'turnout.verdict': verdict.why,
    'turnout.cost_usd': cost === null ? null : cost.nanoUsd / 1e9,
    'turnout.cost.source': cost?.source,
    'turnout.cost.partial': partial ? true : null,
    'turnout.waste.reason': waste?.reason,
    'turnout.waste.tokens': waste?.tokens,
  })
}

/** Of one call. `finish`: that of the answer, where this call brought one. */
export function attemptAttributes(
  request: GatewayRequest,
  attempt: AttemptRecord,
  provider: string,
  finish: string | null,
): Attributes {
  const { usage, cost, waste } = attempt
  return known({
    'gen_ai.operation.name': operationOf(request.endpoint.id),
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': attempt.model,
    ...parametersOf(request.prompt.sampling),
    'gen_ai.request.stream': request.stream,
    'gen_ai.response.model': answeredAs(attempt),
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
    'turnout.cost_usd': cost === null ? null : cost.nanoUsd / 1e9,
    'turnout.cost.source': cost?.source,
    'turnout.cost.partial': isUnpriced(attempt) ? true : null,
    'turnout.waste.reason': waste?.reason,
    'turnout.waste.tokens': waste?.tokens,
  })
}

/** What follows the name of a model in that of a version of it. */
const VERSION = /^[-@:]\d[\d.-]{0,15}$/

/** The model that answered, as its engine names it: what was called, or a dated version of it. Any other text is not ours to repeat. */
function answeredAs({ model, answeredAs: said }: AttemptRecord): string | null {
  if (said === null || said === model) return said
  return said.startsWith(model) && VERSION.test(said.slice(model.length)) ? said : 'other'
}

/** Numbers only: stop sequences are text of the caller. */
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
