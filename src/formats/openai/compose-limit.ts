/** The limit of an answer that a budget has lowered, in the words of one backend. */
import { limitFields, outputLimitOf } from './output-limit.ts'
import type { OpenAIPrompt } from './prompt.ts'
import type { Quirks } from './adapt.ts'

/** The field that most backends read. */
const USUAL = 'max_tokens'
const NOTHING: ReadonlyMap<string, string> = new Map()

/** Fields as the backend reads them, and their values as JSON. `most` null: nothing was lowered. Lower limits of the caller's own stand. */
export function limitEdits(
  { body, endpoint }: OpenAIPrompt,
  { rename, drop, outputLimit }: Quirks,
  most: number | null,
): ReadonlyMap<string, string> {
  if (most === null) return NOTHING
  const own = limitFields(body).filter((field) => !drop.includes(field))
  // Nobody knows which one an engine reads: all of them say it.
  const fields = own.length > 0 ? own : [(endpoint.id === 'chat' ? outputLimit : null) ?? USUAL]
  const edits = new Map<string, string>()
  for (const field of fields) {
    const name = rename[field] ?? field
    const limit = Math.min(most, outputLimitOf(body[field]))
    edits.set(name, String(Math.min(limit, Number(edits.get(name) ?? Infinity))))
  }
  return edits
}
