/** The contents of a request as messages in neutral words. Pure. */
import { keptLength } from '../../core/cut-text.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { MediaPart, Message, Part, Source } from '../../core/prompt.ts'
import { CallIds } from './call-ids.ts'
import { listOf, member, namesIn, textOf } from './member.ts'
import { sealIn } from './seal.ts'

/** Adds the name of something that no other format gets. */
export type Lose = (name: string) => void

/** The instructions, then what was said. */
export function messagesOf(instruction: Json | undefined, contents: readonly JsonObject[], lose: Lose): Message[] {
  const ids = new CallIds()
  const turns = contents.flatMap((content) => turnOf(content, ids, lose))
  return [...instructionOf(instruction, ids, lose), ...joined(turns)]
}

/** What the model said in one go: clients keep each event of a stream as a turn of its own. */
function joined(messages: readonly Message[]): Message[] {
  const whole: Message[] = []
  for (const message of messages) {
    const last = whole.at(-1)
    if (message.role !== 'assistant') whole.push(message)
    else if (last?.role === 'assistant')
      whole[whole.length - 1] = { ...last, parts: withJoinedTexts([...last.parts, ...message.parts]) }
    else whole.push({ ...message, parts: withJoinedTexts(message.parts) })
  }
  return whole
}

/** Its length stands at its end. */
const isCut = (text: string): boolean => keptLength(text) < text.length

function withJoinedTexts(parts: readonly Part[]): Part[] {
  const whole: Part[] = []
  for (const part of parts) {
    const last = whole.at(-1)
    if (part.kind === 'text' && last?.kind === 'text' && !isCut(last.text))
      whole[whole.length - 1] = { ...last, text: last.text + part.text }
    // A thought that came in parts is sealed at its end.
    else if (part.kind === 'thought' && last?.kind === 'thought' && last.seal === null)
      whole[whole.length - 1] = { kind: 'thought', text: last.text + part.text, seal: part.seal }
    else whole.push(part)
  }
  return whole
}

/** A content, its parts alone, or a text. */
function instructionOf(told: Json | undefined, ids: CallIds, lose: Lose): Message[] {
  const parts =
    typeof told === 'string' ? textPart(told) : partsOf(isObject(told) ? member(told, 'parts') : told, ids, lose)
  return parts.length === 0 ? [] : [{ role: 'system', parts, name: null, result: null }]
}

/** Results of functions are messages of their own, and go before the rest of their turn: they belong behind the calls. */
function turnOf(content: JsonObject, ids: CallIds, lose: Lose): Message[] {
  const results: Message[] = []
  const others: Json[] = []
  for (const part of partsIn(member(content, 'parts'))) {
    const result = isObject(part) ? member(part, 'functionResponse') : null
    if (isObject(result)) results.push(resultOf(result, ids, lose))
    else others.push(part)
  }
  const parts = partsOf(others, ids, lose)
  if (parts.length === 0) return results
  const role = content['role'] === 'model' ? 'assistant' : 'user'
  return [...results, { role, parts, name: null, result: null }]
}

function resultOf(response: JsonObject, ids: CallIds, lose: Lose): Message {
  const name = textOf(response['name'])
  const { text, failed } = valueOf(response['response'], name)
  for (const one of namesIn(response)) if (!RESULT_SAID.has(one)) lose(`functionResponse.${one}`)
  return {
    role: 'tool',
    parts: [...textPart(text), ...partsOf(response['parts'], ids, lose)],
    name: null,
    result: { id: ids.ofResult(textOf(response['id']), name), name, failed },
  }
}

const RESULT_SAID: ReadonlySet<string> = new Set(['id', 'name', 'response', 'parts'])

/** Members under which a result is told as a text; all else is the result itself. */
function valueOf(response: Json | undefined, tool: string | null): { readonly text: string; readonly failed: boolean } {
  if (!isObject(response)) return { text: response === undefined ? '' : JSON.stringify(response), failed: false }
  // Vercel's ai names the tool once more, beside its `content`.
  const [name, ...more] = Object.keys(response).filter((key) => key !== 'name' || response[key] !== tool)
  const only = name === undefined || more.length > 0 ? null : textOf(response[name])
  if (only !== null && (name === 'result' || name === 'output' || (name === 'content' && 'name' in response)))
    return { text: only, failed: false }
  if (only !== null && name === 'error') return { text: only, failed: true }
  return { text: JSON.stringify(response), failed: false }
}

const partsOf = (list: Json | undefined, ids: CallIds, lose: Lose): Part[] =>
  partsIn(list).flatMap((part) => (isObject(part) ? partOf(part, ids, lose) : []))

/** One alone is taken for a list of it. */
const partsIn = (list: Json | undefined): readonly Json[] => (isObject(list) ? [list] : listOf(list))

/** Members of a part that are read here. */
const PART_SAID: ReadonlySet<string> = new Set([
  ...['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall', 'functionResponse'],
])

function partOf(part: JsonObject, ids: CallIds, lose: Lose): Part[] {
  for (const name of namesIn(part)) if (!PART_SAID.has(name)) lose(`parts.${name}`)
  const signature = textOf(member(part, 'thoughtSignature'))
  const seal = signature === null ? null : sealIn(signature)
  const call = member(part, 'functionCall')
  if (isObject(call)) {
    const name = textOf(call['name']) ?? ''
    const id = ids.ofCall(textOf(call['id']), name)
    const text = JSON.stringify(call['args'] ?? {})
    return [{ kind: 'call', id, name, arguments: text, free: false, seal, cache: null }]
  }
  const text = textOf(part['text'])
  if (part['thought'] === true)
    return text === null && seal === null ? [] : [{ kind: 'thought', text: text ?? '', seal }]
  const said = text === null ? mediaOf(part) : textPart(text)
  // The signature of what was said seals the thoughts behind it.
  return seal === null ? said : [...said, { kind: 'thought', text: '', seal }]
}

/** Empty texts say nothing, and are refused by some. */
const textPart = (text: string): Part[] => (text === '' ? [] : [{ kind: 'text', text, cache: null }])

function mediaOf(part: JsonObject): MediaPart[] {
  const inline = member(part, 'inlineData')
  const file = member(part, 'fileData')
  const held = isObject(inline) ? inline : isObject(file) ? file : null
  if (held === null) return []
  const mediaType = textOf(member(held, 'mimeType')) ?? ''
  const source = isObject(inline) ? dataOf(mediaType, inline['data']) : addressOf(textOf(member(held, 'fileUri')))
  if (source === null) return []
  const kind = mediaType.startsWith('image/') ? 'image' : mediaType.startsWith('audio/') ? 'audio' : 'file'
  return [{ kind, source, name: textOf(member(held, 'displayName')), detail: null, cache: null }]
}

const dataOf = (mediaType: string, data: Json | undefined): Source | null =>
  typeof data === 'string' ? { kind: 'data', mediaType, data } : null

/** What is in Google's own keeping. */
const KEPT = /^gs:|^https:\/\/generativelanguage\.googleapis\.com\//

function addressOf(uri: string | null): Source | null {
  if (uri === null) return null
  return KEPT.test(uri) ? { kind: 'id', id: uri } : { kind: 'url', url: uri }
}
