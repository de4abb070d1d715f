/**
 * What a backend says when it fails, in any of the shapes of this field, as one value. Total: no body makes it throw.
 * Shapes: `{error:{..}}`, `{error:"text"}`, flat `{object:"error",..}`, `{detail}`, `{message}`, an array of one of
 * them, a JSON text inside `message` (Ollama wraps its child's answer), plain text, HTML.
 */
import { retryDelayIn } from './retry-delay.ts'
import type { UpstreamFault } from './upstream-fault.ts'
import { type Fields, isObject } from '../core/is-object.ts'

const MESSAGE_LENGTH = 2000

/** The fault in the body of a non-2xx answer. */
export function readFault(body: string): UpstreamFault {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return fault(isMarkup(body) ? '' : body)
  }
  return guarded(value) ?? fault('')
}

/** The fault in a parsed 200 body or stream event; null where it holds none (`error: null` is none). */
export function embeddedFault(value: unknown): UpstreamFault | null {
  if (!isObject(value)) return null
  if (value['error']) return guarded(value)
  if (value['object'] === 'error') return guarded(value)
  const groq = value['x_groq']
  if (isObject(groq) && groq['error']) return guarded({ error: groq['error'] })
  const choices = value['choices']
  if (Array.isArray(choices) && isObject(choices[0]) && choices[0]['error'])
    return guarded({ error: choices[0]['error'] })
  return null
}

/** A stranger's body may be nested deeper than any stack; what cannot be read is a fault without words. */
function guarded(value: unknown): UpstreamFault | null {
  try {
    return faultOf(value)
  } catch {
    return fault('')
  }
}

function faultOf(value: unknown, depth = 0): UpstreamFault | null {
  if (typeof value === 'string') return fault(value)
  if (depth > 4) return null
  if (Array.isArray(value)) return value.length > 0 ? faultOf(value[0], depth + 1) : null
  if (!isObject(value)) return null
  const inner = value['error']
  if (isObject(inner) || Array.isArray(inner)) return faultOf(inner, depth + 1)
  const errors = value['errors']
  if (inner === undefined && value['message'] === undefined && Array.isArray(errors)) return faultOf(errors, depth + 1)
  const message =
    typeof inner === 'string' && value['message'] === undefined
      ? inner
      : (value['message'] ?? value['detail'] ?? value['msg'] ?? (typeof inner === 'string' ? inner : undefined))
  return (typeof message === 'string' ? nested(message, depth) : null) ?? described(value, message)
}

/** An object that holds the fault itself. */
function described(value: Fields, message: unknown): UpstreamFault {
  const code = value['code'] ?? value['error_type']
  const metadata = isObject(value['metadata']) ? value['metadata'] : {}
  const number = typeof code === 'number' ? code : typeof value['status'] === 'object' ? NaN : Number(value['status'])
  const delay = retryDelayIn(value['details'])
  return {
    message: clip(typeof message === 'string' ? message : message === undefined ? '' : JSON.stringify(message)),
    code: text(metadata['error_type']) ?? text(code) ?? (typeof code === 'number' ? String(code) : null),
    type: text(value['type']),
    param: text(value['param']),
    // OpenRouter says no more than that another one failed; what that one said is in `raw`.
    ...(metadata['raw'] === undefined ? {} : wordsOf(rawOf(metadata['raw']), text(metadata['error_type']) !== null)),
    status: Number.isInteger(number) && number >= 400 && number <= 599 ? number : null,
    ...(delay === null ? {} : { retryAfterMs: delay }),
    ...(Array.isArray(metadata['reasons']) || metadata['flagged_input'] !== undefined ? { flagged: true } : {}),
  }
}

/** What the one behind said, as far as it said anything. `typed`: OpenRouter has a word of its own for it. */
function wordsOf(behind: UpstreamFault | null, typed: boolean): Partial<UpstreamFault> {
  if (behind === null) return {}
  const { message, code, type, param } = behind
  return { message, param, ...(type === null ? {} : { type }), ...(code === null || typed ? {} : { code }) }
}

/** Null where there is nothing to read in it. */
function rawOf(raw: unknown): UpstreamFault | null {
  const inside =
    typeof raw === 'string' ? (raw.startsWith('{') ? nested(raw, 2) : fault(isMarkup(raw) ? '' : raw)) : faultOf(raw, 3)
  return inside === null || inside.message === '' ? null : inside
}

function nested(message: string, depth: number): UpstreamFault | null {
  if (!message.startsWith('{')) return null
  try {
    const inside = faultOf(JSON.parse(message), depth + 1)
    return inside !== null && inside.message !== '' ? inside : null
  } catch {
    return null
  }
}

const fault = (message: string): UpstreamFault => ({
  message: clip(message.trim()),
  code: null,
  type: null,
  param: null,
  status: null,
})

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? clip(value) : null)

const clip = (message: string): string =>
  message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)}…` : message

const isMarkup = (body: string): boolean => /^\s*<(!doctype|html|head|body|\?xml)/i.test(body)
