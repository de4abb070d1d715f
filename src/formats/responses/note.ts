/** What a response object tells: whose it is, how it ended, what it took, what is in it. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Finish } from '../../core/finish.ts'
import type { UpstreamFault } from '../upstream-fault.ts'
import { embeddedFault } from '../read-fault.ts'
import type { AnswerCollector } from '../answer-collector.ts'
import type { ResponsesState } from './answer-state.ts'
import { plainName } from './tools.ts'
import { readUsage } from './usage.ts'

/** Notes the beginning of an answer. */
export function noteOrigin({ id, created_at: created, model }: Fields, state: ResponsesState): void {
  if (state.id === null && typeof id === 'string' && id !== '') state.id = id
  if (state.created === null && typeof created === 'number') state.created = created
  if (state.model === null && typeof model === 'string' && model !== '') state.model = model
}

/** Notes the end of one: all of it is in the object. The fault where it failed. */
export function noteEnd(response: Fields, state: ResponsesState): UpstreamFault | null {
  noteOrigin(response, state)
  const { status, service_tier: tier, usage, incomplete_details: details } = response
  if (typeof tier === 'string' && tier !== '') state.tier = tier
  const reported = readUsage(usage)
  if (reported !== null) {
    state.reported = { ...reported, tier: reported.tier ?? state.tier }
    state.charge = reported.chargedNanoUsd
    state.usageIsOld = false
  }
  if (status === 'failed' || status === 'cancelled')
    return embeddedFault({ error: response['error'] ?? { message: `the answer was ${status}` } })
  const reason = isObject(details) ? details['reason'] : null
  const output = Array.isArray(response['output']) ? (response['output'] as readonly unknown[]) : []
  noteOutput(output, state)
  state.finishWord = status !== 'incomplete' ? 'completed' : typeof reason === 'string' ? reason : status
  state.finish = finishOf(status, reason, output)
  state.done = true
  state.substance = true
  return null
}

export function finishOf(status: unknown, reason: unknown, output: readonly unknown[]): Finish {
  if (status !== 'incomplete') return output.some((item) => isObject(item) && isCall(item)) ? 'tool_calls' : 'stop'
  if (reason === 'content_filter') return 'content_filter'
  return reason === 'max_output_tokens' || reason === 'max_messages' ? 'length' : 'unknown'
}

/** Calls that the caller makes: those that a backend runs itself are a part of its answer. */
const CALLS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'tool_search_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'computer_call',
])
export const isCall = ({ type }: Fields): boolean => CALLS.has(type)

function noteOutput(output: readonly unknown[], state: ResponsesState): void {
  let slot = 0
  for (const item of output) {
    if (!isObject(item)) continue
    if (item['type'] === 'message') noteMessage(item, state)
    else if (isCall(item)) {
      state.content = true
      if (state.collected !== null) collectCall(state.collected, item, slot++)
    } else if (item['type'] !== 'reasoning') state.content = true
  }
}

function noteMessage({ content }: Fields, state: ResponsesState): void {
  if (!Array.isArray(content)) return
  for (const part of content as readonly unknown[]) {
    if (!isObject(part)) continue
    if (typeof part['refusal'] === 'string') state.refused = true
    if (typeof part['text'] !== 'string' || part['text'] === '') continue
    state.content = true
    state.collected?.addText(part['text'])
  }
}

function collectCall(collected: AnswerCollector, item: Fields, slot: number): void {
  const { name, namespace, arguments: given } = item
  const free = typeof given !== 'string'
  const plain = plainName(typeof name === 'string' ? name : '', typeof namespace === 'string' ? namespace : null)
  collected.addCall(slot, plain, free ? '' : given, free)
}
