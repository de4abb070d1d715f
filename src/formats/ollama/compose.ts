/** A request of Ollama's own form as one backend can take it: the caller's bytes, but for the model and what the operator wishes. */
import type { JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/is-object.ts'
import type { Wishes } from '../../core/settings.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import type { ContentsPrompt } from '../contents-prompt.ts'
import type { Composing } from '../format.ts'
import { members } from '../json/members.ts'
import { splice, spliced } from '../json/splice.ts'
import { composed } from './compose-contents.ts'
import { isOwn } from './prompt.ts'
import { thinkOf } from './think.ts'
import { says } from './values.ts'

export function* composeInSteps(
  request: GatewayRequest,
  { facts: { wishes }, model }: Deployment,
  how: Composing,
): Steps<readonly Buffer[]> {
  const { prompt } = request
  if (!isOwn(prompt)) return [Buffer.from(JSON.stringify(composed(request, model, wishes, how)))]
  const { raw, body, members: list } = prompt
  const set = new Map<string, string>()
  if (request.model !== model) set.set('model', JSON.stringify(model))
  const options = optionsFor(prompt, wishes, how.maxTokens)
  if (options !== null) set.set('options', options)
  if (wishes.keepAlive !== null) set.set('keep_alive', JSON.stringify(wishes.keepAlive))
  const think = thinkFor(request, wishes, how, body)
  if (think !== null) set.set('think', JSON.stringify(think))
  return set.size === 0 ? [raw] : spliced(raw, list, { set, remove: NO_KEYS })
}

const NO_KEYS: ReadonlySet<string> = new Set()

/** With another context than the one before, Ollama loads the model anew: the operator's word counts for all. Null: as it came. */
function optionsFor(prompt: ContentsPrompt, { numCtx }: Wishes, maxTokens: number | null): string | null {
  const own = prompt.body['options']
  const options = isObject(own) ? own : {}
  const set = new Map<string, string>()
  if (numCtx !== null && options['num_ctx'] !== numCtx) set.set('num_ctx', String(numCtx))
  const { num_predict: wished } = options
  const most = typeof wished === 'number' && wished >= 0 ? wished : Infinity
  if (maxTokens !== null && maxTokens < most) set.set('num_predict', String(maxTokens))
  if (set.size === 0) return null
  const bytes = prompt.bytesOf('options')
  const list = bytes === null ? null : members(bytes)
  if (bytes === null || list === null) return `{${[...set].map(([name, value]) => `"${name}":${value}`).join(',')}}`
  return splice(bytes, list, { set, remove: NO_KEYS }).toString()
}

/** Where the caller says nothing: what was chosen, else what the operator wishes. */
function thinkFor(
  { endpoint }: GatewayRequest,
  { think }: Wishes,
  { effort, lossy }: Composing,
  body: JsonObject,
): boolean | string | null {
  if (says(body['think']) || endpoint.asks !== 'chat') return null
  return effort === null ? think : thinkOf({ effort, budget: null, shown: null }, (name) => lossy.push(name))
}
