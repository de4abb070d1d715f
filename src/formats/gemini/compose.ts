/** The request as a backend of Google's takes it: the caller's own bytes where they are of this form, with no more changed than must be. Pure. */
import { effortRuleAt } from '../../core/effort-rule.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Seal } from '../../core/prompt.ts'
import type { EffortRule } from '../../core/provider.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import type { Composing } from '../format.ts'
import { spliced } from '../json/splice.ts'
import { memberValue } from '../json/members.ts'
import { bodyOf, embeddingBody, resourceOf } from './compose-contents.ts'
import { member, numberOf, spelt } from './member.ts'
import { GeminiPrompt } from './prompt.ts'
import { thinkingConfigOf } from './thinking-config.ts'

export function* composeInSteps(
  request: GatewayRequest,
  { model, backend }: Deployment,
  how: Composing,
): Steps<readonly Buffer[]> {
  const { prompt } = request
  const rule = effortRuleAt(how.place, backend.provider, model)
  if (prompt instanceof GeminiPrompt) return ownBody(prompt, model, rule, how)
  const contents = prompt.contents()
  const lose = (name: string): void => {
    if (!how.lossy.includes(name)) how.lossy.push(name)
  }
  const { embedding = null } = contents
  if (embedding !== null) return [written(embeddingBody(embedding, model))]
  const maxOutput = prompt.outputLimit([], how.maxTokens)
  const sealOf = (call: string): Seal | null => how.sealOf?.(call) ?? null
  return [
    written(
      bodyOf(contents, { model, effort: how.effort, rule, thought: how.thought ?? null, maxOutput, lose, sealOf }),
    ),
  ]
}

const written = (body: JsonObject): Buffer => Buffer.from(JSON.stringify(body))

/** Changes the model where the body names it, a limit that a budget has lowered, and how hard to think where the caller does not say. */
function ownBody(
  { raw, members, body, endpoint }: GeminiPrompt,
  model: string,
  rule: EffortRule | null,
  how: Composing,
): readonly Buffer[] {
  const set = new Map<string, string>()
  if (body['model'] !== undefined) set.set('model', JSON.stringify(resourceOf(model)))
  if (endpoint.asks === 'embeddings') {
    if (body['requests'] !== undefined)
      set.set('requests', renamedRequests(memberValue(raw, members, 'requests'), model))
  } else {
    const name = spelt(body, 'generationConfig')
    const told = memberValue(raw, members, name) as Json | undefined
    const own: JsonObject = isObject(told) ? told : {}
    const changed = { ...limited(own, how.maxTokens), ...thoughtAbout(own, rule, how) }
    if (Object.keys(changed).length > 0) set.set(name, JSON.stringify({ ...own, ...changed }))
  }
  return set.size === 0 ? [raw] : spliced(raw, members, { set, remove: NO_NAMES })
}

const NO_NAMES: ReadonlySet<string> = new Set()

function limited(config: JsonObject, most: number | null): JsonObject {
  if (most === null) return {}
  const own = numberOf(member(config, 'maxOutputTokens'))
  return own !== null && own <= most ? {} : { [spelt(config, 'maxOutputTokens')]: most }
}

function thoughtAbout(
  config: JsonObject,
  rule: EffortRule | null,
  { effort, thought = null }: Pick<Composing, 'effort' | 'thought'>,
): JsonObject {
  const name = spelt(config, 'thinkingConfig')
  const own = config[name]
  const told: JsonObject = isObject(own) ? own : {}
  const says = member(told, 'thinkingLevel') ?? member(told, 'thinkingBudget') ?? null
  if ((effort === null && thought === null) || says !== null) return {}
  const chosen = thinkingConfigOf(null, effort, rule, () => undefined, thought)
  return chosen === null ? {} : { [name]: { ...told, ...chosen } }
}

/** Each request of a batch names the model again. */
function renamedRequests(requests: unknown, model: string): string {
  const list = Array.isArray(requests) ? (requests as readonly unknown[]) : []
  return JSON.stringify(list.map((one) => (isObject(one) ? { ...one, model: resourceOf(model) } : one)))
}
