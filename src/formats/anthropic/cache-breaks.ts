/**
 * Where the prompt is worth keeping, for callers that cannot say it: behind instructions and tools, which many requests begin with, and
 * behind the last turns of a conversation, which the next request of it begins with. Pure.
 */
import type { JsonObject } from '../../core/json.ts'
import { cacheControl, isMarked, withoutMark } from './block-marks.ts'
import type { Conversation, Turn } from './compose-messages.ts'

/** More marks are refused. */
const MOST_MARKS = 4
/** Turns of the user that are marked at the end. */
const LAST_TURNS = 2

export interface Markable extends Conversation {
  readonly tools: readonly JsonObject[]
}

/** The same with marks; where the caller has set some, those are all there are. `lost`: called where it has set too many. */
export function withMarks(prompt: Markable, automatic: boolean, lost: () => void): Markable {
  const own = countIn(prompt)
  if (own > MOST_MARKS) lost()
  if (own > MOST_MARKS) return keepingLast(prompt, own - MOST_MARKS)
  return own > 0 || !automatic ? prompt : automaticMarks(prompt)
}

function automaticMarks({ system, tools, messages }: Markable): Markable {
  const isConversation = messages.some(({ role }) => role === 'assistant')
  const users = messages.flatMap(({ role }, at) => (role === 'user' ? [at] : []))
  const marked = new Set(isConversation ? users.slice(-LAST_TURNS) : [])
  return {
    // Tools come before the instructions: what is kept up to there has both.
    system: lastMarked(system),
    tools: system.length === 0 ? lastMarked(tools) : tools,
    messages: messages.map((turn, at) => (marked.has(at) ? { ...turn, content: lastMarked(turn.content) } : turn)),
  }
}

function lastMarked(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const last = blocks.at(-1)
  return last === undefined ? blocks : [...blocks.slice(0, -1), { ...last, cache_control: cacheControl(null) }]
}

const countIn = ({ system, tools, messages }: Markable): number =>
  [...tools, ...system, ...messages.flatMap(({ content }) => content)].filter(isMarked).length

/** Without the first so many marks: the later ones keep what they would have kept as well. */
function keepingLast({ system, tools, messages }: Markable, tooMany: number): Markable {
  let left = tooMany
  const kept = (block: JsonObject): JsonObject => {
    if (!isMarked(block) || left === 0) return block
    left--
    return withoutMark(block)
  }
  return {
    tools: tools.map(kept),
    system: system.map(kept),
    messages: messages.map((turn): Turn => ({ ...turn, content: turn.content.map(kept) })),
  }
}
