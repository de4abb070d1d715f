/** What a line of an answer, or a whole one, tells. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Finish } from '../../core/finish.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Usage } from '../../core/settlement.ts'

export interface Said {
  readonly text: string
  readonly thought: string
  readonly calls: readonly SaidCall[]
}

export interface SaidCall {
  readonly id: string | null
  readonly name: string
  /** JSON. */
  readonly arguments: string
}

/** Chat has them in a message, generate beside the rest. */
export function saidIn(answer: Fields): Said {
  const message = isObject(answer['message']) ? answer['message'] : answer
  const text = message === answer ? answer['response'] : message['content']
  const calls: unknown = message['tool_calls']
  return {
    text: textOf(text),
    thought: textOf(message['thinking']),
    calls: Array.isArray(calls) ? (calls as readonly unknown[]).flatMap(callOf) : [],
  }
}

function callOf(call: unknown): SaidCall[] {
  const made = isObject(call) ? call['function'] : null
  if (!isObject(call) || !isObject(made) || typeof made['name'] !== 'string') return []
  const { id } = call
  const { name, arguments: given } = made
  const text = typeof given === 'string' ? given : JSON.stringify(given ?? {})
  return [{ id: typeof id === 'string' && id !== '' ? id : null, name, arguments: text }]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** More than any request takes: such a count is a fault. */
const MOST_TOKENS = 1e10

const count = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= MOST_TOKENS ? Math.round(value) : null

/** Null where it does not say both: older versions leave out a prompt that was in the cache, or count it as 0. */
export function usageIn(answer: Fields): Usage | null {
  const input = count(answer['prompt_eval_count'])
  const output = count(answer['eval_count']) ?? (isVectors(answer) ? 0 : null)
  if (input === null || input === 0 || output === null) return null
  const cachedInput = Math.min(input, count(answer['prompt_eval_cached_count']) ?? 0)
  return { ...NO_TOKENS, input, cachedInput, output }
}

/** Tokens of an answer whose prompt was not counted. */
export const outputIn = (answer: Fields): number | null => count(answer['eval_count'])

const isVectors = (answer: Fields): boolean => answer['embeddings'] !== undefined

/** The vectors of an answer to embeddings; null where it is none. */
export function vectorsIn(answer: Fields): readonly (readonly number[])[] | null {
  const { embeddings, embedding } = answer
  const list: unknown = Array.isArray(embeddings) ? embeddings : Array.isArray(embedding) ? [embedding] : null
  return list as readonly (readonly number[])[] | null
}

/** Ollama has four words; the others are those that the gateway itself writes. */
const FINISHES: Readonly<Record<string, Finish>> = {
  ...{ stop: 'stop', load: 'stop', unload: 'stop', length: 'length' },
  ...{ content_filter: 'content_filter', error: 'error' },
}

/** `called`: the answer calls tools, which Ollama has no word for. */
export function finishOf(word: string, called: boolean): Finish {
  const finish = FINISHES[word] ?? 'unknown'
  return finish === 'stop' && called ? 'tool_calls' : finish
}

/** Told in nanoseconds. */
export function loadMsIn(answer: Fields): number | null {
  const took = answer['load_duration']
  return typeof took === 'number' && took >= 0 ? took / 1e6 : null
}

/** Epoch seconds. */
export function createdIn(answer: Fields): number | null {
  const at = typeof answer['created_at'] === 'string' ? Date.parse(answer['created_at']) : NaN
  return Number.isNaN(at) ? null : Math.floor(at / 1000)
}
