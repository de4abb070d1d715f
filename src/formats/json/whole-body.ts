/** A body with its texts decoded and whole, as another format writes them. Pure. */
import { isAscii } from 'node:buffer'
import type { JsonObject } from '../../core/json.ts'
import { isCut } from './digest.ts'
import type { ReadObject } from './read-object.ts'

/** Only members with other characters than ASCII are parsed again; `body` itself where there are none. */
export function wholeBody({ raw, body, members }: ReadObject): JsonObject {
  if (isCut(raw)) return JSON.parse(raw.toString()) as JsonObject
  if (isAscii(raw)) return body
  return Object.fromEntries(
    members.map(({ key, start, valueStart, valueEnd }) => {
      const same = isAscii(raw.subarray(start, valueEnd))
      return [key, same ? body[key]! : (JSON.parse(raw.toString('utf8', valueStart, valueEnd)) as JsonObject)]
    }),
  )
}
