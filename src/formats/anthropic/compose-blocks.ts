/** Parts of neutral messages as blocks. Pure. */
import type { JsonObject } from '../../core/json.ts'
import type { CacheMark, CallPart, MediaPart, Part, Source, ThoughtPart } from '../../core/prompt.ts'
import { writtenId } from './call-ids.ts'
import { cacheControl } from './block-marks.ts'
import { freeArguments } from '../free-tools.ts'
import { inputOf } from './call-input.ts'
import { thoughtBlock } from './sealed.ts'

/** Adds the name of something that this backend cannot be told. */
export type Lose = (name: string) => void

/** How a backend takes them. */
export interface BlockWays {
  /** The maker of the format itself: it reads cache marks, and refuses thoughts that it has not signed. */
  readonly maker: boolean
  /** Instructions may stand in the middle of a conversation. */
  readonly systemTurns: boolean
  readonly lose: Lose
}

export const blocksOf = (parts: readonly Part[], ways: BlockWays): JsonObject[] =>
  parts.map((part) => blockOf(part, ways)).filter((block) => block !== null)

function blockOf(part: Part, ways: BlockWays): JsonObject | null {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      if (part.kind === 'refusal') ways.lose('refusals')
      // Texts of nothing but blanks are refused.
      return part.text.trim() === '' ? null : { type: 'text', text: part.text, ...marked(part.cache, ways) }
    case 'image':
    case 'audio':
    case 'file': {
      const block = mediumOf(part)
      if (block === null) ways.lose(LOST[part.kind])
      return block && { ...block, ...marked(part.cache, ways) }
    }
    case 'thought':
      return thoughtOf(part, ways)
    case 'call':
      return callOf(part, ways)
  }
}

const LOST = { image: 'images', audio: 'sounds', file: 'files' } as const

export function marked(cache: CacheMark | null, { maker, lose }: BlockWays): JsonObject {
  if (cache === null) return {}
  if (!maker) lose('cache marks')
  return maker ? { cache_control: cacheControl(cache.ttl) } : {}
}

function thoughtOf(part: ThoughtPart, { maker, lose }: BlockWays): JsonObject | null {
  const block = thoughtBlock(part)
  if (maker && block !== null) return block
  if (part.seal !== null) lose('seals')
  if (!maker && part.text !== '') return { type: 'thinking', thinking: part.text, signature: '' }
  if (part.text !== '') lose('thoughts')
  return null
}

function callOf({ id, name, arguments: text, free, cache, seal }: CallPart, ways: BlockWays): JsonObject {
  if (seal !== null) ways.lose('seals')
  const input = inputOf(free ? freeArguments(text) : text)
  // A model has written what is no JSON.
  if (input === null) ways.lose('arguments')
  return { type: 'tool_use', id: writtenId(id), name, input: input ?? {}, ...marked(cache, ways) }
}

/** Null: it cannot be said. What another maker keeps under an id is not known here. */
function mediumOf({ kind, source, name }: MediaPart): JsonObject | null {
  if (kind === 'audio') return null
  if (kind === 'image') return sourced('image', imageOf(source))
  const document = sourced('document', documentOf(source))
  return document === null || name === null ? document : { ...document, title: name }
}

const sourced = (type: string, source: JsonObject | null): JsonObject | null => source && { type, source }

function imageOf(source: Source): JsonObject | null {
  if (source.kind === 'url') return { type: 'url', url: source.url }
  return source.kind === 'data' ? base64(source.mediaType === '' ? 'image/png' : source.mediaType, source.data) : null
}

const PDF = 'application/pdf'

function documentOf(source: Source): JsonObject | null {
  switch (source.kind) {
    case 'url':
      return { type: 'url', url: source.url }
    case 'text':
      return plainText(source.text)
    case 'id':
      return null
    case 'data': {
      const { mediaType, data } = source
      if (mediaType === '' || mediaType === PDF) return base64(PDF, data)
      return isText(mediaType) ? plainText(Buffer.from(data, 'base64').toString()) : null
    }
  }
}

const isText = (mediaType: string): boolean => /^text\/|[/+](json|xml|yaml)$/i.test(mediaType)
const plainText = (text: string): JsonObject => ({ type: 'text', media_type: 'text/plain', data: text })
const base64 = (mediaType: string, data: string): JsonObject => ({ type: 'base64', media_type: mediaType, data })
