/** A whole answer as the stream that was asked for: some engines do not stream with tools, or a schema, or at all. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { DONE_EVENT } from './done.ts'
import { encodeEvent } from '../sse.ts'

/** Null where it is no answer of chat or completions. */
export function asEvents(body: Buffer): Buffer | null {
  let answer: unknown
  try {
    answer = JSON.parse(body.toString())
  } catch {
    return null
  }
  if (!isObject(answer) || !Array.isArray(answer['choices'])) return null
  const { choices, usage, ...rest } = answer
  const origin: Fields =
    typeof rest['object'] === 'string'
      ? { ...rest, object: rest['object'].replace(/^chat\.completion$/, '$&.chunk') }
      : rest
  const pieces = (choices as readonly unknown[]).map((choice, at) =>
    encodeEvent(JSON.stringify({ ...origin, choices: [asDelta(choice, at)] })),
  )
  if (isObject(usage)) pieces.push(encodeEvent(JSON.stringify({ ...origin, choices: [], usage })))
  return Buffer.concat([...pieces, DONE_EVENT])
}

function asDelta(choice: unknown, at: number): unknown {
  if (!isObject(choice) || !isObject(choice['message'])) return choice
  const { message, ...rest } = choice
  const calls = message['tool_calls']
  const numbered = Array.isArray(calls)
    ? { tool_calls: (calls as readonly unknown[]).map((call, index) => (isObject(call) ? { index, ...call } : call)) }
    : {}
  return { index: at, ...rest, delta: { ...message, ...numbered } }
}
