/**
 * What proves a thought: a signature under its text, or the thought itself where nobody may read it. A gateway behind this one may have
 * written the seal of another maker there. Pure.
 */
import type { JsonObject } from '../../core/json.ts'
import type { Seal, ThoughtPart } from '../../core/prompt.ts'
import { readSeal } from '../seal.ts'

const MAKER = 'anthropic-messages'
/** Signatures have no such sign. */
const REDACTED = 'redacted:'

export const signedSeal = (signature: string): Seal => readSeal(signature, MAKER)

export function redactedSeal(data: string): Seal {
  const seal = readSeal(data, MAKER)
  return seal.maker === MAKER ? { ...seal, value: REDACTED + seal.value } : seal
}

/** The block of a thought that was sealed here; null: another maker has sealed it, or nobody. */
export function thoughtBlock({ text, seal }: ThoughtPart): JsonObject | null {
  if (seal?.maker !== MAKER || seal.value === '') return null
  if (seal.value.startsWith(REDACTED)) return { type: 'redacted_thinking', data: seal.value.slice(REDACTED.length) }
  return { type: 'thinking', thinking: text, signature: seal.value }
}
