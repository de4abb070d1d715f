/** The blocks of messages in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { CacheMark, MediaPart, Message, Part, Source, ThoughtPart } from '../../core/prompt.ts'
import { readSeal } from '../seal.ts'
import { readId } from './call-ids.ts'

/** Adds the name of something that no other format gets. */
export type Lose = (name: string) => void

/** What the blocks of a message come to: results of tools are messages of their own, and go before the rest. */
export interface BlocksRead {
  readonly results: readonly Message[]
  readonly parts: readonly Part[]
}

/** `content`: a text, or blocks. */
export function blocksIn(content: Json | undefined, lose: Lose): BlocksRead {
  if (typeof content === 'string') return { results: [], parts: textPart(content, null) }
  const results: Message[] = []
  const parts: Part[] = []
  for (const block of listOf(content)) {
    if (!isObject(block)) continue
    if (block['type'] === 'tool_result') results.push(resultOf(block, lose))
    else parts.push(...partsOf(block, lose))
  }
  return { results, parts }
}

function resultOf(block: JsonObject, lose: Lose): Message {
  const { parts } = blocksIn(block['content'], lose)
  return {
    role: 'tool',
    parts: marked(parts, cacheOf(block['cache_control'])),
    name: null,
    result: { id: readId(textOf(block['tool_use_id']) ?? ''), name: null, failed: block['is_error'] === true },
  }
}

/** The same with a mark at its end, where there is none. Only what has been said can be marked. */
export function marked(parts: readonly Part[], cache: CacheMark | null): readonly Part[] {
  const last = parts.at(-1)
  if (cache === null || last === undefined || !('cache' in last) || last.cache !== null) return parts
  return [...parts.slice(0, -1), { ...last, cache }]
}

function partsOf(block: JsonObject, lose: Lose): readonly Part[] {
  const cache = cacheOf(block['cache_control'])
  switch (block['type']) {
    case 'text':
      if (listOf(block['citations']).length > 0) lose('citations')
      return textPart(textOf(block['text']) ?? '', cache)
    case 'image':
      return mediumOf('image', block, null, cache, lose)
    case 'document':
      return documentOf(block, cache, lose)
    case 'search_result':
      return foundOf(block, cache, lose)
    case 'thinking':
      return thoughtOf(textOf(block['thinking']) ?? '', textOf(block['signature']) ?? '')
    case 'redacted_thinking':
      return thoughtOf('', textOf(block['data']) ?? '')
    case 'tool_use':
      return [
        {
          kind: 'call',
          id: readId(textOf(block['id']) ?? ''),
          name: textOf(block['name']) ?? '',
          arguments: JSON.stringify(block['input'] ?? {}),
          free: false,
          seal: null,
          cache,
        },
      ]
    default:
      // What its own tools have said and done, and whatever is new.
      lose(textOf(block['type']) ?? 'content')
      return []
  }
}

/** Empty texts say nothing, and are refused by some. */
const textPart = (text: string, cache: CacheMark | null): Part[] => (text === '' ? [] : [{ kind: 'text', text, cache }])

function thoughtOf(text: string, signature: string): ThoughtPart[] {
  if (text === '' && signature === '') return []
  return [{ kind: 'thought', text, seal: signature === '' ? null : readSeal(signature, 'anthropic-messages') }]
}

function documentOf(block: JsonObject, cache: CacheMark | null, lose: Lose): readonly Part[] {
  const { source, citations } = block
  if (isObject(citations) && citations['enabled'] === true) lose('citations')
  const about = textPart(textOf(block['context']) ?? '', null)
  const name = textOf(block['title'])
  if (isObject(source) && source['type'] === 'content')
    return [...about, ...textPart(name ?? '', null), ...marked(blocksIn(source['content'], lose).parts, cache)]
  return [...about, ...mediumOf('file', block, name, cache, lose)]
}

/** What a search of the caller's own has found. */
function foundOf(block: JsonObject, cache: CacheMark | null, lose: Lose): readonly Part[] {
  const { citations } = block
  if (isObject(citations) && citations['enabled'] === true) lose('citations')
  const head = [textOf(block['title']), textOf(block['source'])].filter((text) => text !== null).join('\n')
  return [...textPart(head, null), ...marked(blocksIn(block['content'], lose).parts, cache)]
}

function mediumOf(
  kind: MediaPart['kind'],
  { source, type }: JsonObject,
  name: string | null,
  cache: CacheMark | null,
  lose: Lose,
): readonly Part[] {
  const read = isObject(source) ? sourceOf(source) : null
  if (read !== null) return [{ kind, source: read, name, detail: null, cache }]
  lose(textOf(type) ?? kind)
  return []
}

function sourceOf(source: JsonObject): Source | null {
  const { data, url, file_id: id, media_type: mediaType } = source
  switch (source['type']) {
    case 'base64':
      return typeof data === 'string' ? { kind: 'data', mediaType: textOf(mediaType) ?? '', data } : null
    case 'text':
      return typeof data === 'string' ? { kind: 'text', text: data } : null
    case 'url':
      return typeof url === 'string' ? { kind: 'url', url } : null
    case 'file':
      return typeof id === 'string' ? { kind: 'id', id } : null
    default:
      return null
  }
}

export const cacheOf = (mark: Json | undefined): CacheMark | null =>
  isObject(mark) ? { ttl: textOf(mark['ttl']) } : null

export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []
