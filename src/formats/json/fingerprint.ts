/** A part of a parsed body as 32 bits, to recognise it later. Reads a bounded part of it, and nothing can be read back. Pure. */
import { keptLength, textBytes } from '../../core/cut-text.ts'
import type { Json, JsonObject } from '../../core/json.ts'

/** Characters that are read of each text: its beginning; and its length. */
const READ = 512
/** Texts, numbers and members that are read of one value, and how deep. */
const MOST_PARTS = 64
const DEEPEST = 6

/** How much may still be read. */
interface Rest {
  left: number
}

/** `skipped`: members whose values are new each time, such as ids. */
export const fingerprintOf = (value: Json | undefined, skipped: ReadonlySet<string>): number =>
  hashOf(value, { left: MOST_PARTS }, skipped, 0)

function hashOf(value: Json | undefined, rest: Rest, skipped: ReadonlySet<string>, depth: number): number {
  if (rest.left-- <= 0 || depth > DEEPEST) return 0
  if (typeof value !== 'object' || value === null) return textHash(String(value))
  if (Array.isArray(value)) {
    const list = value as readonly Json[]
    let sum = mix(2, list.length)
    for (let index = 0; index < list.length && rest.left > 0; index++)
      sum = mix(sum, hashOf(list[index], rest, skipped, depth + 1))
    return sum
  }
  let sum = 3
  const members = value as JsonObject
  for (const key in members) {
    if (skipped.has(key)) continue
    if (rest.left <= 0) break
    sum = mix(mix(sum, textHash(key)), hashOf(members[key], rest, skipped, depth + 1))
  }
  return sum
}

export const mix = (one: number, other: number): number => Math.imul(one ^ other, 0x01000193) | 0

/** Never 0. */
export function textHash(text: string): number {
  const length = Math.min(READ, keptLength(text))
  let value = 0x811c9dc5
  for (let at = 0; at < length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return mix(value, textBytes(text)) || 1
}
