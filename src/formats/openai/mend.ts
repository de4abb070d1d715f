/** Writes what `choices.ts` found wrong into the bytes of an event or of a whole answer; all else stays as it came. Pure. */
import type { Mend } from './choices.ts'
import { elements, members } from '../json/members.ts'
import { splice } from '../json/splice.ts'

type Change = (value: Buffer, at: number) => Buffer

/** The object with the value of `key` changed; the same buffer where it has none, or where nothing changed. */
export function changeMember(json: Buffer, key: string, change: Change): Buffer {
  const list = members(json)
  const member = list?.findLast((one) => one.key === key)
  if (!list || member === undefined) return json
  const value = json.subarray(member.valueStart, member.valueEnd)
  const changed = change(value, 0)
  return changed === value ? json : splice(json, list, { set: new Map([[key, changed.toString()]]), remove: NOTHING })
}

/** The list with its elements changed; the same buffer where it is none, or where nothing changed. */
export function changeElements(json: Buffer, change: Change): Buffer {
  const spans = elements(json, 0)
  if (spans === null) return json
  const values = spans.map(({ start, end }) => json.subarray(start, end))
  const changed = values.map(change)
  return changed.every((one, at) => one === values[at]) ? json : Buffer.from(`[${changed.join(',')}]`)
}

/** `mends`: one for each choice. */
export function mended(json: Buffer, mends: readonly (Mend | null)[]): Buffer {
  return changeMember(json, 'choices', (choices) =>
    changeElements(choices, (choice, at) => {
      const mend = mends[at] ?? null
      return mend === null ? choice : mendedChoice(choice, mend)
    }),
  )
}

function mendedChoice(choice: Buffer, { finish, calls, legacyCall }: Mend): Buffer {
  const list = members(choice)
  if (list === null) return choice
  const set = new Map<string, string>()
  if (finish !== undefined) {
    const reason = list.findLast(({ key }) => key === 'finish_reason')
    // The engine's own word, where OpenRouter has it too.
    if (finish !== null && reason !== undefined && !list.some(({ key }) => key === NATIVE))
      set.set(NATIVE, choice.toString('utf8', reason.valueStart, reason.valueEnd))
    set.set('finish_reason', JSON.stringify(finish))
  }
  const named = set.size === 0 ? choice : splice(choice, list, { set, remove: NOTHING })
  if (calls === null && legacyCall === null) return named
  const parts = new Map<string, string>()
  if (calls !== null) parts.set('tool_calls', JSON.stringify(calls))
  if (legacyCall !== null) parts.set('function_call', JSON.stringify(legacyCall))
  const change: Change = (part) => {
    const fields = members(part)
    return fields === null ? part : splice(part, fields, { set: parts, remove: NOTHING })
  }
  const key = list.some((one) => one.key === 'delta') ? 'delta' : 'message'
  return changeMember(named, key, change)
}

const NATIVE = 'native_finish_reason'
const NOTHING: ReadonlySet<string> = new Set()
