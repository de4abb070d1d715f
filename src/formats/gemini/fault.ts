/** What a backend of Google's says when it fails. Total: no body makes it throw. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { retryDelayIn } from '../retry-delay.ts'
import type { UpstreamFault } from '../upstream-fault.ts'

const MESSAGE_LENGTH = 2000

/** The fault in the body of an answer with a bad status. */
export function readFault(body: string): UpstreamFault {
  try {
    const value: unknown = JSON.parse(body)
    return embeddedFault(value) ?? plainFault(isObject(value) ? textOf(value['message']) : null)
  } catch {
    return plainFault(/^\s*</.test(body) ? null : body)
  }
}

/** The fault in a parsed answer, or event; null where it holds none. In a stream that is an array it is the element of one. */
export function embeddedFault(value: unknown): UpstreamFault | null {
  const holder: unknown = Array.isArray(value) ? value[0] : value
  if (!isObject(holder) || !holder['error']) return null
  const { error } = holder
  return isObject(error) ? described(error) : plainFault(textOf(error))
}

function described({ code, message, status, details }: Fields): UpstreamFault {
  const list: readonly unknown[] = Array.isArray(details) ? details : []
  const reason = first(list, ({ reason: word }) => textOf(word))
  return {
    message: clip(textOf(message) ?? ''),
    code: reason,
    type: textOf(status),
    param: first(list, ({ fieldViolations: fields }) => {
      const field: unknown = Array.isArray(fields) ? fields[0] : null
      return isObject(field) ? textOf(field['field']) : null
    }),
    status: typeof code === 'number' && code >= 400 && code <= 599 ? code : null,
    retryAfterMs: retryDelayIn(details),
  }
}

function first(list: readonly unknown[], read: (detail: Fields) => string | null): string | null {
  for (const detail of list) {
    const found = isObject(detail) ? read(detail) : null
    if (found !== null) return found
  }
  return null
}

const plainFault = (message: string | null): UpstreamFault => ({
  message: clip((message ?? '').trim()),
  code: null,
  type: null,
  param: null,
  status: null,
})

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? clip(value) : null)

const clip = (message: string): string =>
  message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)}…` : message
