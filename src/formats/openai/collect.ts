/** Gathers from choices what of an answer will be checked. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { type AnswerCollector, MOST_COLLECTED } from '../answer-collector.ts'
import { partOf } from './answer.ts'
import type { Mend } from './choices.ts'

/** Whether a stream's event (one character for each byte) has text to gather. A search: most events are never parsed. */
export function wantsText(collector: AnswerCollector, data: string): boolean {
  if (!collector.checks.json || collector.lost || !TEXT.test(data)) return false
  if (data.length <= 2 * MOST_COLLECTED) return true
  collector.lose()
  return false
}

const TEXT = /"(?:content|text)"\s*:\s*(?:"[^"]|\[)/

/** Takes the choices of an event or of a whole answer. `mends`: what was put right in them. */
export function collect(
  collector: AnswerCollector,
  choices: readonly unknown[],
  mends: readonly (Mend | null)[] | null,
): void {
  for (const [at, choice] of choices.entries()) {
    if (collector.lost) return
    if (!isObject(choice) || (choice['index'] ?? 0) !== 0) continue
    const part = partOf(choice)
    const mend = mends?.[at] ?? null
    addText(collector, part === choice ? choice['text'] : part['content'])
    addCalls(collector, mend?.calls ?? part['tool_calls'])
    const legacy = mend?.legacyCall ?? part['function_call']
    if (isObject(legacy)) addCall(collector, 0, { function: legacy })
  }
}

/** Some engines send a list of parts; those without text are reasoning or pictures. */
function addText(collector: AnswerCollector, content: unknown): void {
  if (typeof content === 'string') collector.addText(content)
  else if (Array.isArray(content))
    for (const part of content as readonly unknown[])
      if (isObject(part) && typeof part['text'] === 'string') collector.addText(part['text'])
}

/** Streamed pieces have the index of their call; whole calls have their place. */
function addCalls(collector: AnswerCollector, calls: unknown): void {
  if (!Array.isArray(calls)) return
  for (const [at, call] of (calls as readonly unknown[]).entries())
    if (isObject(call)) addCall(collector, typeof call['index'] === 'number' ? call['index'] : at, call)
}

function addCall(collector: AnswerCollector, slot: number, piece: Fields): void {
  const free = isObject(piece['custom'])
  const said = free ? piece['custom'] : piece['function']
  const { name, arguments: more } = isObject(said) ? said : NOTHING
  collector.addCall(slot, textOf(name), textOf(more), free)
}

const NOTHING: Fields = {}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
