/**
 * Calls of tools that came back to Gemini without the signature that they had: many clients drop what they do not know. It refuses
 * such a conversation, and documents a word to send in place of a signature that is lost. Pure.
 */
import { isObject } from '../../core/is-object.ts'
import type { Json } from '../../core/json.ts'
import { elements, members } from '../json/members.ts'
import { splice } from '../json/splice.ts'
import { sealOf } from './contents.ts'

/** The words of the refusal. */
export const MISSING_SIGNATURE = /\bthought_?signature\b/i

const NO_SIGNATURE = JSON.stringify({ google: { thought_signature: 'skip_thought_signature_validator' } })

/** Whether the first call of a message, which is the one that is signed, has no signature. */
export function isUnsealed(message: Json | undefined): boolean {
  const calls = isObject(message) ? message['tool_calls'] : undefined
  const first: Json | undefined = Array.isArray(calls) ? (calls as readonly Json[])[0] : undefined
  return isObject(first) && sealOf(first) === null
}

/** A list of calls whose first one says that it has none. */
export function withoutSignature(calls: Buffer): string {
  const [first] = elements(calls, 0) ?? []
  if (first === undefined) return calls.toString()
  const call = calls.subarray(first.start, first.end)
  const list = members(call)
  if (list === null) return calls.toString()
  const signed = splice(call, list, { set: new Map([['extra_content', NO_SIGNATURE]]), remove: NO_KEYS })
  return calls.toString('utf8', 0, first.start) + signed.toString() + calls.toString('utf8', first.end)
}

const NO_KEYS: ReadonlySet<string> = new Set()
