/** The messages of a call as a named backend takes them: other roles, without fields that it refuses, with ids of its kind. Pure. */
import { isObject } from '../../core/is-object.ts'
import { hash } from 'node:crypto'
import type { Json } from '../../core/json.ts'
import type { Steps } from '../../core/slices.ts'
import { elements, members, memberValue, withElements } from '../json/members.ts'
import { splice } from '../json/splice.ts'
import type { Quirks as AllQuirks } from './adapt.ts'
import { isUnsealed, withoutSignature } from './unsealed-calls.ts'

type Quirks = Pick<AllQuirks, 'roles' | 'dropFromMessages' | 'shortToolIds' | 'signsCalls'>

/** Whether some message has to change; `list` is the parsed member. */
export function changesMessages(list: Json | undefined, quirks: Quirks): list is readonly Json[] {
  const { roles, dropFromMessages, shortToolIds, signsCalls = false } = quirks
  if (
    !Array.isArray(list) ||
    !(shortToolIds || signsCalls || dropFromMessages.length > 0 || Object.keys(roles).length > 0)
  )
    return false
  return (list as readonly Json[]).some((message) => changesMessage(message, quirks))
}

const changesMessage = (
  message: Json | undefined,
  { roles, dropFromMessages, shortToolIds, signsCalls }: Quirks,
): boolean =>
  isObject(message) &&
  ((typeof message['role'] === 'string' && Object.hasOwn(roles, message['role'])) ||
    dropFromMessages.some((field) => message[field] !== undefined) ||
    (signsCalls === true && isUnsealed(message)) ||
    (shortToolIds && (message['tool_calls'] !== undefined || message['tool_call_id'] !== undefined)))

/** The array of messages that starts at `start`; all that needs no change byte for byte. `list`: the parsed member. */
export function* withMessages(
  raw: Buffer,
  start: number,
  list: readonly Json[],
  quirks: Quirks,
): Steps<readonly Buffer[]> {
  const change = (message: Buffer, index: number): Buffer | null =>
    changesMessage(list[index], quirks) ? changed(message, quirks, isUnsealed(list[index])) : null
  return (yield* withElements(raw, start, change)) ?? NO_MESSAGES
}

const NO_MESSAGES = [Buffer.from('[]')]

/** `unsealed`: its calls have no signature. */
function changed(message: Buffer, quirks: Quirks, unsealed: boolean): Buffer {
  const { roles, dropFromMessages, shortToolIds, signsCalls = false } = quirks
  const list = members(message)
  if (list === null) return message
  const set = new Map<string, string>()
  const role = memberValue(message, list, 'role')
  if (typeof role === 'string' && Object.hasOwn(roles, role)) set.set('role', JSON.stringify(roles[role]))
  if (shortToolIds) {
    const answered = memberValue(message, list, 'tool_call_id')
    if (typeof answered === 'string') set.set('tool_call_id', JSON.stringify(shortId(answered)))
    const calls = list.findLast(({ key }) => key === 'tool_calls')
    if (calls !== undefined) set.set('tool_calls', withShortIds(message.subarray(calls.valueStart, calls.valueEnd)))
  }
  if (signsCalls && unsealed) {
    const calls = list.findLast(({ key }) => key === 'tool_calls')!
    const own = set.get('tool_calls')
    const now = own === undefined ? message.subarray(calls.valueStart, calls.valueEnd) : Buffer.from(own)
    set.set('tool_calls', withoutSignature(now))
  }
  return splice(message, list, { set, remove: new Set(dropFromMessages) })
}

/** A list of tool calls with other ids; what is no list stays as it is. */
function withShortIds(calls: Buffer): string {
  const spans = elements(calls, 0)
  if (spans === null) return calls.toString()
  const rewritten = spans.map(({ start, end }) => {
    const call = calls.subarray(start, end)
    const list = members(call)
    const id = list && memberValue(call, list, 'id')
    if (list === null || typeof id !== 'string') return call
    return splice(call, list, { set: new Map([['id', JSON.stringify(shortId(id))]]), remove: NO_KEYS })
  })
  return `[${rewritten.map((call) => call.toString()).join(',')}]`
}

const NO_KEYS: ReadonlySet<string> = new Set()
const SHORT = /^[a-zA-Z0-9]{9}$/

/** Nine letters and digits, the same for the same id: a call and its result find each other. */
export const shortId = (id: string): string =>
  SHORT.test(id)
    ? id
    : hash('sha256', id, 'base64')
        .replace(/[^a-zA-Z0-9]/g, '')
        .slice(0, 9)
