/** Neutral messages as turns of user and assistant, and what stands before them. Pure. */
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/prompt.ts'
import { withoutMark } from './block-marks.ts'
import { type BlockWays, blocksOf } from './compose-blocks.ts'
import { writtenId } from './call-ids.ts'

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: readonly JsonObject[]
}

export interface Conversation {
  readonly system: readonly JsonObject[]
  readonly messages: readonly Turn[]
}

export function conversationOf(messages: readonly Message[], ways: BlockWays): Conversation {
  const first = messages.findIndex((message) => !isSystem(message))
  const leading = first < 0 ? messages : messages.slice(0, first)
  const system = leading.flatMap(({ parts }) => blocksOf(parts, ways))
  const turns = first < 0 ? [] : inTurns(messages.slice(first), ways)
  // Something must have been said, and by the user.
  if (turns.length === 0) return { system: [], messages: [{ role: 'user', content: system }] }
  return { system, messages: turns[0]!.role === 'assistant' ? [OPENING, ...turns] : turns }
}

const OPENING: Turn = { role: 'user', content: [{ type: 'text', text: '(The assistant begins.)' }] }

const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'

/** Neighbours of one role are one turn: all results of the calls of one turn must be. */
function inTurns(messages: readonly Message[], ways: BlockWays): Turn[] {
  const turns: { role: Turn['role']; content: JsonObject[] }[] = []
  for (const message of behindResults(messages)) {
    if (message.name !== null) ways.lose('name')
    const content = blocksOfMessage(message, ways)
    if (content.length === 0) continue
    const role = roleOf(message, ways)
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  }
  return turns.map(({ role, content }, at) => ({
    role,
    content: role === 'user' ? resultsFirst(content) : at === turns.length - 1 ? withoutLastBlanks(content) : content,
  }))
}

/** Instructions in the middle of a conversation are the user's for those who know them only at the start. */
function roleOf(message: Message, { systemTurns }: BlockWays): Turn['role'] {
  if (message.role === 'assistant') return 'assistant'
  return systemTurns && isSystem(message) ? 'system' : 'user'
}

/** Nothing may stand between calls and their results. */
function behindResults(messages: readonly Message[]): readonly Message[] {
  const out: Message[] = []
  let held: Message[] = []
  for (const message of messages) {
    if (isSystem(message)) held.push(message)
    else if (message.role === 'tool') out.push(message)
    else {
      out.push(...held, message)
      held = []
    }
  }
  return [...out, ...held]
}

function blocksOfMessage({ parts, result }: Message, ways: BlockWays): JsonObject[] {
  const blocks = blocksOf(parts, ways)
  if (result === null) return blocks
  // A mark inside of a result would be one of a part of it.
  const marks = blocks.flatMap(({ cache_control: mark }) => (mark === undefined ? [] : [mark]))
  const content = blocks.map(withoutMark)
  return [
    {
      type: 'tool_result',
      tool_use_id: writtenId(result.id),
      content,
      ...(result.failed ? { is_error: true } : {}),
      ...(marks[0] === undefined ? {} : { cache_control: marks[0] }),
    },
  ]
}

/** They must stand right behind the calls. */
const resultsFirst = (content: readonly JsonObject[]): JsonObject[] => [
  ...content.filter(({ type }) => type === 'tool_result'),
  ...content.filter(({ type }) => type !== 'tool_result'),
]

/** The beginning of an answer may not end with blanks. */
function withoutLastBlanks(content: readonly JsonObject[]): JsonObject[] {
  const last = content.at(-1)
  if (last?.['type'] !== 'text' || typeof last['text'] !== 'string') return [...content]
  return [...content.slice(0, -1), { ...last, text: last['text'].trimEnd() }]
}
