/**
 * The most that a request can make a backend read and write. The most tokens that an engine can make of a prompt, however it counts:
 * a token has one byte of text at the least (tokenizers fall back to bytes for what they do not know), and JSON never
 * takes fewer bytes than the text that it holds; what a chat template puts around messages is about what the JSON puts there. So the bytes
 * of the body are a bound, three to four times the usual count. An estimate, calibrated or not, would be a habit: a caller
 * that sends other text than usual would be let in for less than it takes. Pictures and sound are no text, and have bounds of their own.
 */
import { isObject } from '../../core/is-object.ts'
import { textBytes } from '../../core/cut-text.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { WorstCase } from '../../core/prompt.ts'
import type { GatewayRequest, Member } from '../../core/types.ts'
import { ANYTHING, PICTURE, SOUND_CHARS, TEMPLATE, TOOLS } from '../media-sizes.ts'

/** What templates put around a query and its document: some give instructions each time. */
const PAIR = 96

interface Media {
  tokens: number
  /** Of the body, that are counted as `tokens`. */
  bytes: number
  pictures: boolean
  sounds: boolean
  /** A mark keeps some of it in a cache for an hour. */
  hour: boolean
}

/** What is read of a request. */
interface Measured extends Pick<GatewayRequest, 'raw' | 'endpoint'> {
  readonly body: JsonObject
  readonly members: readonly Member[]
  readonly prompts: number
}

export function worstCaseOf({ body, raw, members, endpoint, prompts }: Measured): WorstCase {
  const media: Media = { tokens: 0, bytes: 0, pictures: false, sounds: false, hour: false }
  for (const field of HOLDERS) for (const one of listOf(body[field])) addParts(one, media, 0)
  for (const field of BESIDE) addNamed(field, body[field], media)
  let tokens = TEMPLATE + raw.length - media.bytes + media.tokens
  if (isFilled(body['tools']) || isFilled(body['functions'])) tokens += TOOLS
  // A template of the caller's own may write anything.
  if (isFilled(body['chat_template'])) tokens += ANYTHING
  if (endpoint.id === 'rerank') tokens += readAgain(body)
  const modalities = Array.isArray(body['modalities']) ? body['modalities'] : []
  const foreseen = members.find(({ key }) => key === 'prediction')
  const tier = body['service_tier']
  return {
    inputTokens: tokens,
    hasImages: media.pictures,
    hasSounds: media.sounds,
    keepsHour: media.hour,
    prompts: endpoint.streams ? prompts : textsIn(body['input'] ?? body['documents']),
    choices: Math.max(1, countOf(body['n']), countOf(body['best_of']), countOf(body['n_cmpl'])),
    foreseen: foreseen === undefined ? 0 : foreseen.valueEnd - foreseen.valueStart,
    speaks: modalities.includes('audio') || (body['audio'] ?? null) !== null,
    serviceTier: typeof tier === 'string' ? tier : null,
  }
}

/** Texts of a list, or one; token numbers are one text. */
function textsIn(value: Json | undefined): number {
  const list = listOf(value)
  return typeof list[0] === 'number' ? 1 : Math.max(1, list.length)
}

/** Engines read "4" as 4. */
function countOf(value: Json | undefined): number {
  const count = typeof value === 'string' ? Number(value) : value
  return typeof count === 'number' && count > 0 ? Math.ceil(count) : 1
}

const HOLDERS = ['messages', 'input', 'documents', 'query', 'prompt'] as const
/** llama.cpp and Ollama: media of the whole request. */
const BESIDE = ['image_data', 'images'] as const

/** The query is read once more with each document. */
function readAgain({ query, documents }: JsonObject): number {
  const media: Media = { tokens: 0, bytes: 0, pictures: false, sounds: false, hour: false }
  addParts(query, media, 0)
  const text = typeof query === 'string' ? textBytes(query) : textBytes(JSON.stringify(query ?? '')) - media.bytes
  return (text + media.tokens + PAIR) * listOf(documents).length
}

/** A list, vLLM's object of a list of parts, or one thing. */
function listOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  if (!isObject(value)) return value === undefined || value === null ? [] : [value]
  const { content } = value
  return Array.isArray(content) ? (content as readonly Json[]) : [value]
}

const DEEPEST = 3

/** `one`: a message, or a part by itself. */
function addParts(one: Json | undefined, media: Media, depth: number): void {
  if (!isObject(one)) return
  addPart(one, media)
  const { content } = one
  if (Array.isArray(content) && depth < DEEPEST)
    for (const part of content as readonly Json[]) addParts(part, media, depth + 1)
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text', 'refusal', 'thinking', 'tool_result'])
/** Where a part has no type, its members name what it is: vLLM's short forms, Jina, llama.cpp, Ollama. */
const NAMES = /^(?:multimodal_data|(?:input_)?(?:image|audio|video|file|pdf)s?(?:_(?:url|data|embeds|pil))?)$/

function addPart(part: JsonObject, media: Media): void {
  const { type, prompt_cache_breakpoint: mark } = part
  if (isObject(mark) && mark['ttl'] === '1h') media.hour = true
  if (typeof type === 'string') {
    if (!TEXTS.has(type)) addMedium(type, part, media)
  } else for (const name in part) if (NAMES.test(name)) addNamed(name, part[name], media)
}

function addNamed(name: string, value: Json | undefined, media: Media): void {
  if (isFilled(value))
    for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) addMedium(name, one, media)
}

function addMedium(type: string, value: Json | undefined, media: Media): void {
  const bytes = longestText(value, 0)
  if (type.includes('image')) {
    media.pictures = true
    media.tokens += PICTURE
  } else if (type.includes('audio')) {
    media.sounds = true
    // What is elsewhere may be of any length.
    media.tokens += type === 'input_audio' ? Math.ceil(bytes / SOUND_CHARS) : ANYTHING
  } else if (/video|file|document|pdf|multimodal/.test(type)) media.tokens += ANYTHING
  else return
  media.bytes += bytes
}

/** Of the texts in a part: the address or the data. */
function longestText(value: Json | undefined, depth: number): number {
  if (typeof value === 'string') return textBytes(value)
  if (!isObject(value) || depth > 3) return 0
  let longest = 0
  for (const one of Object.values(value)) longest = Math.max(longest, longestText(one, depth + 1))
  return longest
}

/** Text, a list or an object with something in it. */
const isFilled = (value: Json | undefined): boolean =>
  typeof value === 'string' ? value !== '' : Array.isArray(value) ? value.length > 0 : isObject(value)
