/** Where engines answer in a shape that OpenAI's (or Jina's) SDKs do not expect, the answer is put into theirs. */
import type { GatewayRequest } from '../../core/types.ts'
import { atOnce, inSlices } from '../../core/slices.ts'
import { members } from '../json/members.ts'
import { append } from '../json/splice.ts'
import { mended } from './mend.ts'
import { type EmbeddingRecoder, recode, recoderOf } from './recode.ts'
import { openAIPrompt, OpenAIPrompt } from './prompt.ts'
import type { OpenAIAnswerState } from './answer-state.ts'
import { writeUsage } from './usage.ts'

/** Larger answers are put into shape in slices. */
const AT_ONCE_BYTES = 128 * 1024

/** The same for an answer of any size. */
export function finishedBody(
  request: GatewayRequest,
  body: Buffer,
  track: OpenAIAnswerState,
): Buffer | Promise<Buffer> {
  const recoder = body.length > AT_ONCE_BYTES ? recoderFor(request) : null
  return recoder === null ? finishBody(request, body, track) : inSlices(recode(body, recoder))
}

/** The body of a whole answer as the caller asked for it; the same buffer in all common cases. */
export function finishBody(request: GatewayRequest, body: Buffer, track: OpenAIAnswerState): Buffer {
  if (request.endpoint.streams) return withPlainUsage(track.mends === null ? body : mended(body, track.mends), track)
  if (request.endpoint.id === 'rerank') return isList(body) ? rerankList(body, request) : body
  const recoder = recoderFor(request)
  return recoder === null ? body : atOnce(recode(body, recoder))
}

/** Callers of other formats get numbers whatever comes. */
const recoderFor = ({ prompt }: GatewayRequest): EmbeddingRecoder | null =>
  prompt instanceof OpenAIPrompt ? recoderOf(prompt) : null

/** What the backend told in another way or place (llama.cpp's timings, Anthropic's names), as OpenAI tells it. A guess is not told. */
function withPlainUsage(body: Buffer, { settled, reported, usageIsPlain }: OpenAIAnswerState): Buffer {
  const usage = settled ?? reported
  if (usage === null || usageIsPlain || usage.estimated) return body
  const list = members(body)
  return list === null ? body : append(body, list, 'usage', JSON.stringify(writeUsage(usage)))
}

/** Whether an answer to this request that begins so has to change, and must be seen whole. */
export const needsRewrite = ({ endpoint }: GatewayRequest, head: Buffer): boolean =>
  endpoint.id === 'rerank' && isList(head)

interface Ranked {
  readonly index?: number
  readonly score?: number
  readonly relevance_score?: number
  readonly document?: unknown
  readonly meta_info?: { readonly prompt_tokens?: unknown }
}

function isList(body: Buffer): boolean {
  let start = 0
  while (start < body.length && body[start]! <= 0x20) start++
  return body[start] === 0x5b
}

/** SGLang answers a bare array of `{score, document, index}`, in older versions for every document, whatever `top_n` says. */
function rerankList(body: Buffer, request: GatewayRequest): Buffer {
  const list = JSON.parse(body.toString()) as readonly Ranked[]
  const wanted = openAIPrompt(request).body['top_n']
  // 0 is how vLLM spells "all".
  const topN = typeof wanted === 'number' && wanted > 0 ? wanted : list.length
  const results = list
    .map((entry, at) => ({
      index: entry.index ?? at,
      relevance_score: entry.relevance_score ?? entry.score ?? 0,
      ...(entry.document === undefined || entry.document === null
        ? {}
        : { document: typeof entry.document === 'string' ? { text: entry.document } : entry.document }),
    }))
    .sort((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, topN)
  const tokens = tokensOf(list)
  const usage = tokens === null ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }
  return Buffer.from(JSON.stringify({ model: request.model, results, ...usage }))
}

/** Tokens of all pairs; null where some pair does not tell: half a sum is no usage. */
function tokensOf(list: readonly Ranked[]): number | null {
  let sum = 0
  for (const { meta_info } of list) {
    const tokens = meta_info?.prompt_tokens
    if (typeof tokens !== 'number' || !(tokens >= 0)) return null
    sum += tokens
  }
  return sum > 0 ? sum : null
}
