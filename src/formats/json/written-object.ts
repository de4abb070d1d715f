/** A body that the gateway writes: its bytes, and what reading them would give. Pure. */
import type { JsonObject } from '../../core/json.ts'
import type { Member } from '../../core/types.ts'
import type { ReadObject } from './read-object.ts'

const END = Buffer.from('}')

/** Its texts are decoded and whole. */
export function writtenObject(body: JsonObject): ReadObject {
  const pieces: Buffer[] = []
  const members: Member[] = []
  let at = 0
  for (const key of Object.keys(body)) {
    const name = JSON.stringify(key)
    const before = Buffer.from(`${at === 0 ? '{' : ','}${name}:`)
    const value = Buffer.from(JSON.stringify(body[key]))
    const valueStart = at + before.length
    members.push({ key, start: at + 1, valueStart, valueEnd: valueStart + value.length })
    pieces.push(before, value)
    at = valueStart + value.length
  }
  if (at === 0) pieces.push(Buffer.from('{'))
  return { raw: Buffer.concat([...pieces, END]), body, members }
}
