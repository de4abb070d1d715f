import type { RawResponse } from './raw-client.ts'
import type { SseBlock } from './sse-reader.ts'

export const CHAT_PATH = '/v1/chat/completions'
export const COMPLETIONS_PATH = '/v1/completions'
export const EMBEDDINGS_PATH = '/v1/embeddings'
export const RERANK_PATH = '/v1/rerank'

/** A chat request for `model`, with any further fields. */
export function chat(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model: 'tiny', messages: [{ role: 'user', content: 'Where does the river run?' }], ...extra }
}

export function chatStream(extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return chat({ stream: true, ...extra })
}

/** A good body for each endpoint. */
export const BODIES: Readonly<Record<string, Record<string, unknown>>> = {
  '/v1/responses': { model: 'tiny', input: 'The river' },
  [CHAT_PATH]: chat(),
  [COMPLETIONS_PATH]: { model: 'tiny', prompt: 'The river' },
  [EMBEDDINGS_PATH]: { model: 'tiny', input: 'The river' },
  [RERANK_PATH]: { model: 'tiny', query: 'water', documents: ['sea', 'stone'] },
}

interface Chunk {
  readonly id?: string
  readonly created?: number
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string }
    readonly text?: string
    readonly finish_reason?: string | null
  }[]
  readonly usage?: Readonly<Record<string, unknown>> | null
  readonly error?: WireError
  /** What the gateway says of its decision, in the last chunk before [DONE]. */
  readonly turnout?: unknown
}

/** The error object of the contract. */
export interface WireError {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string
  readonly source: string
}

/** A streamed answer, summed up. */
export interface Summary {
  readonly text: string
  readonly finish: string | null
  /** Every usage object that was not null. */
  readonly usages: readonly Readonly<Record<string, unknown>>[]
  /** Events that have the member at all. */
  readonly usageKeys: number
  readonly errors: readonly WireError[]
  /** How many [DONE] there were. */
  readonly dones: number
  /** Nothing came behind the first [DONE]. */
  readonly doneLast: boolean
  /** The parsed events, without [DONE]. */
  readonly chunks: readonly Chunk[]
  readonly comments: number
  /** Names of fields other than data and event, and blocks without data that are no comments. */
  readonly noise: readonly string[]
}

/** Throws where an event's data is neither [DONE] nor JSON. */
export function summarize(blocks: readonly SseBlock[]): Summary {
  const data = blocks.flatMap((block) => (block.data === null ? [] : [block.data]))
  const chunks = data.filter((text) => text !== '[DONE]').map((text) => JSON.parse(text) as Chunk)
  const choices = chunks.flatMap((chunk) => chunk.choices ?? [])
  const bare = blocks.filter((block) => block.data === null && block.comments.length === 0)
  const done = data.indexOf('[DONE]')
  return {
    text: choices.map((choice) => choice.delta?.content ?? choice.text ?? '').join(''),
    finish: choices.map((choice) => choice.finish_reason).find((reason) => typeof reason === 'string') ?? null,
    usages: chunks.flatMap((chunk) => (chunk.usage ? [chunk.usage] : [])),
    usageKeys: chunks.filter((chunk) => 'usage' in chunk).length,
    errors: chunks.flatMap((chunk) => (chunk.error ? [chunk.error] : [])),
    dones: data.filter((text) => text === '[DONE]').length,
    doneLast: done >= 0 && done === data.length - 1,
    chunks,
    comments: blocks.filter((block) => block.comments.length > 0).length,
    noise: [...blocks.flatMap((block) => block.fields), ...bare.map((block) => `bare ${block.event ?? ''}`)],
  }
}

/** Reads a whole stream. Throws where its HTTP body breaks off. */
export async function readStream(response: RawResponse): Promise<Summary> {
  const summary = summarize(await response.blocks())
  if (!(await response.complete)) throw new Error('the HTTP body broke off')
  return summary
}

const SOURCES = ['caller', 'policy', 'upstream', 'turnout']

/** The error of an answer; throws where it does not have the shape of the contract. */
export function errorOf(body: Readonly<Record<string, unknown>>): WireError {
  const { error } = body as { error?: WireError }
  const shape = (['message', 'type', 'code', 'source'] as const).every((name) => typeof error?.[name] === 'string')
  if (!error || !shape || !SOURCES.includes(error.source) || !('param' in error) || error.message === '') {
    throw new Error(`not an error of the contract: ${JSON.stringify(body).slice(0, 300)}`)
  }
  return error
}
