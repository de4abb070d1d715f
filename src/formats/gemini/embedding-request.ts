/** What is embedded: one content, or several requests for one each. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Embedding } from '../../core/prompt.ts'
import { invalidMember } from '../json/read-object.ts'
import { listOf, member, namesIn, numberOf, textOf } from './member.ts'
import type { Lose } from './messages.ts'

const SAID: ReadonlySet<string> = new Set(['model', 'content', 'outputDimensionality'])

/** Throws `invalid_request`, which names the member and what it should be. */
export function embeddingOf(
  body: JsonObject,
  lose: Lose,
): { readonly embedding: Embedding; readonly native: readonly string[] } {
  const native = new Set<string>()
  const requests = requestsIn(body)
  const inputs = requests.map((request) => {
    for (const name of namesIn(request)) if (!SAID.has(name)) lose(name)
    const content = member(request, 'content')
    if (!isObject(content)) throw invalidMember('content', '`content` must be a content with its `parts`.')
    const parts = listOf(member(content, 'parts')).filter((part) => isObject(part))
    if (parts.some((part) => textOf(part['text']) === null)) native.add('content.parts')
    return parts.map((part) => textOf(part['text']) ?? '').join('')
  })
  const lengths = new Set(requests.map((request) => numberOf(member(request, 'outputDimensionality'))))
  if (lengths.size > 1) native.add('requests.outputDimensionality')
  const [dimensions = null] = lengths
  return { embedding: { inputs, dimensions }, native: [...native] }
}

/** Of a batch; a request for one content is its own. */
function requestsIn(body: JsonObject): readonly JsonObject[] {
  const { requests } = body
  if (requests === undefined) return [body]
  const list = listOf(requests).filter((one) => isObject(one))
  if (list.length > 0) return list
  throw invalidMember('requests', '`requests` must be an array of requests, each with its `content`.')
}
