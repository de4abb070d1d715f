/** Where an agent's conversation has got to, as hashes: what sessions remember of it. Reads the end of the conversation. Pure. */
import type { Prompt, Role } from '../core/prompt.ts'
import type { StepHashes } from '../core/request-record.ts'
import { mix } from '../formats/json/fingerprint.ts'

/** "Yes" and "go on" mean something only with the message before them. */
const SHORT = 40
/** Messages that are looked at from the end. */
const FARTHEST = 64

/** Null where there are no messages. */
export function stepOf(prompt: Prompt): StepHashes | null {
  if (prompt.length === 0) return null
  const last = prompt.length - 1
  const asking = lastOf(prompt, 'user')
  const question = asking === null ? null : prompt.fingerprintOf(asking)
  if (prompt.roleOf(last) === 'tool') {
    const caller = lastOf(prompt, 'assistant')
    const calls = caller === null ? null : prompt.callsOf(caller)
    const what = calls?.what ?? 0
    // "Done" is the result of many calls: a result counts with its call.
    const step = mix(prompt.fingerprintOf(last), what)
    return { step, question, calls: what, place: mix(calls?.ids ?? 0, prompt.length) }
  }
  const own = last === asking && question !== null ? question : prompt.fingerprintOf(last)
  const step = isShort(prompt, last) ? mix(own, prompt.fingerprintOf(last - 1)) : own
  return { step, question: last === asking ? step : question, calls: 0, place: 0 }
}

function lastOf(prompt: Prompt, role: Role): number | null {
  const end = Math.max(0, prompt.length - FARTHEST)
  for (let at = prompt.length - 1; at >= end; at--) if (prompt.roleOf(at) === role) return at
  return null
}

const isShort = (prompt: Prompt, at: number): boolean => (prompt.textLengthOf(at) ?? Infinity) <= SHORT
