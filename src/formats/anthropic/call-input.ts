/** Input of calls, which is an object here: a tool that takes free text gets it as its one argument. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import { SPELLING } from './spelling.ts'
import { objectIn } from '../json/object-in.ts'

export const NO_INPUT = '{}'

/** What a call has at its beginning: all of it in a whole answer; in most streams nothing. */
export function inputIn({ input }: Fields): string {
  return isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : ''
}

/** Arguments as the object that they must be. Null: they are none. */
export const inputOf = (json: string): JsonObject | null => (json.trim() === '' ? {} : objectIn(json))

/** Which tools of a request that came in another format take free text. */
export function freeTools({ prompt }: GatewayRequest): (name: string) => boolean {
  const own = prompt instanceof ContentsPrompt && prompt.spelling === SPELLING
  if (own || !prompt.hasTools) return () => false
  return (name) => prompt.contents().tools.some((tool) => tool.free !== null && tool.name === name)
}
