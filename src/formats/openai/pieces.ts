/** What the events, or the body, of an answer bring, in neutral words. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { logprobsIn } from '../logprobs.ts'
import type { Piece } from '../piece.ts'
import type { JsonObject } from '../../core/json.ts'
import { partOf } from './answer.ts'
import { sealOf } from './contents.ts'
import { finishOf, wordOf } from './finish.ts'
import { numbersIn } from './recode.ts'

const OPEN_BRACE = 0x7b

/** `bytes`: one event, or a body, with all that had to be put right in it. Comments bring nothing. */
export function piecesOf(bytes: Buffer): Piece[] {
  const value = parsed(bytes[0] === OPEN_BRACE ? bytes.toString() : bytes.toString().replace(/^data: ?/, ''))
  const choices: unknown = isObject(value) ? value['choices'] : null
  if (isObject(value) && Array.isArray(value['data'])) return vectorsOf(value['data'])
  if (!Array.isArray(choices)) return []
  return (choices as readonly unknown[]).flatMap((choice, at) => (isObject(choice) ? piecesOfChoice(choice, at) : []))
}

function vectorsOf(data: readonly unknown[]): Piece[] {
  return data.flatMap((one, at): Piece[] => {
    const { index, embedding } = isObject(one) ? one : NOTHING
    const numbers = numbersIn(embedding)
    return numbers === null ? [] : [{ kind: 'vector', choice: typeof index === 'number' ? index : at, numbers }]
  })
}

const NOTHING: Fields = {}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

function piecesOfChoice(choice: Fields, at: number): Piece[] {
  const index = typeof choice['index'] === 'number' ? choice['index'] : at
  const part = partOf(choice)
  const of = (kind: 'text' | 'thought' | 'refusal', text: string): Piece[] =>
    text === '' ? [] : [{ kind, choice: index, text }]
  const calls = Array.isArray(part['tool_calls']) ? (part['tool_calls'] as readonly unknown[]) : []
  const legacy = part['function_call']
  const reason = wordOf(choice['finish_reason'])
  return [
    ...of('thought', textIn(part['reasoning_content'] ?? part['reasoning'])),
    ...spokenOf(textIn(part === choice ? choice['text'] : part['content']), choice['logprobs'], index),
    ...of('refusal', textIn(part['refusal'])),
    ...calls.flatMap((call, slot) => (isObject(call) ? callOf(call, slot, index) : [])),
    ...(isObject(legacy) ? callOf({ id: legacy['name'], function: legacy }, 0, index) : []),
    ...citationsOf(part['annotations'], index),
    ...(reason === null
      ? []
      : [{ kind: 'end' as const, choice: index, finish: finishOf(reason), stop: stopOf(choice) }]),
  ]
}

function spokenOf(text: string, told: unknown, choice: number): Piece[] {
  const logprobs = isObject(told) ? logprobsIn(told['content']) : undefined
  if (logprobs !== undefined) return [{ kind: 'text', choice, text, logprobs }]
  return text === '' ? [] : [{ kind: 'text', choice, text }]
}

/** vLLM and SGLang name the stop sequence that was met; a number is a token. */
const stopOf = (choice: Fields): string | null => wordOf(choice['stop_reason']) ?? wordOf(choice['matched_stop'])

function citationsOf(list: unknown, choice: number): Piece[] {
  if (!Array.isArray(list)) return []
  return (list as readonly unknown[]).flatMap((one): Piece[] => {
    const cited = isObject(one) ? one['url_citation'] : null
    if (!isObject(cited) || typeof cited['url'] !== 'string') return []
    const { url, title, start_index: from, end_index: to } = cited
    const range = typeof from === 'number' && typeof to === 'number' ? ([from, to] as const) : null
    return [{ kind: 'citation', choice, url, title: typeof title === 'string' ? title : null, range }]
  })
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return (content as readonly unknown[])
    .map((part) => (typeof part === 'string' ? part : isObject(part) ? textIn(part['text']) : ''))
    .join('')
}

function callOf(call: Fields, place: number, choice: number): Piece[] {
  const free = !isObject(call['function'])
  const made = free ? call['custom'] : call['function']
  const { id, index } = call
  // The seal of a call may come behind it, alone.
  if (!isObject(made)) return sealedBy(call, typeof index === 'number' ? index : place, choice)
  const begins = typeof id === 'string' && typeof made['name'] === 'string' ? { id, name: made['name'], free } : null
  const slot = typeof index === 'number' ? index : place
  const text = textIn(made['arguments'] ?? made['input'])
  return [{ kind: 'call', choice, slot, begins, arguments: text }, ...sealedBy(call, slot, choice)]
}

function sealedBy(call: Fields, slot: number, choice: number): Piece[] {
  const seal = sealOf(call as JsonObject)
  return seal === null ? [] : [{ kind: 'seal', choice, slot, seal }]
}
