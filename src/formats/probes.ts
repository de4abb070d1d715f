/** The shortest question of each API that callers can speak to the gateway, and how its answer is told from half of one. Pure. */
import { isObject } from '../core/is-object.ts'
import type { Json, JsonObject } from '../core/json.ts'

export interface Probe {
  readonly api: string
  readonly path: (model: string, streamed: boolean) => string
  readonly headers: Readonly<Record<string, string>>
  readonly body: (model: string, streamed: boolean) => object
  /** Whether a whole answer is one of this API, */
  readonly isAnswer: (body: JsonObject) => boolean
  /** and a stream came to its end. */
  readonly isComplete: (text: string) => boolean
}

const QUESTION = 'Answer with the single word OK.'
/** Less is refused by some models, and those that think need it. */
const MOST_TOKENS = 64

const ASKED = [{ role: 'user', content: QUESTION }]

/** In the order in which people meet them. */
export const PROBES = {
  chat: {
    api: 'Chat Completions',
    path: () => '/v1/chat/completions',
    headers: {},
    body: (model, stream) => ({ model, stream, max_tokens: MOST_TOKENS, messages: ASKED }),
    isAnswer: ({ choices }) => Array.isArray(choices) && choices.length > 0,
    isComplete: (text) => /^data: \[DONE\]$/m.test(text),
  },
  messages: {
    api: 'Messages',
    path: () => '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: (model, stream) => ({ model, stream, max_tokens: MOST_TOKENS, messages: ASKED }),
    isAnswer: ({ type, content }) => type === 'message' && Array.isArray(content),
    isComplete: (text) => /^event: message_stop$/m.test(text),
  },
  responses: {
    api: 'Responses',
    path: () => '/v1/responses',
    headers: {},
    body: (model, stream) => ({ model, stream, max_output_tokens: MOST_TOKENS, input: QUESTION, store: false }),
    isAnswer: ({ object, output }) => object === 'response' && Array.isArray(output),
    isComplete: (text) => /^event: response\.(?:completed|incomplete)$/m.test(text),
  },
  gemini: {
    api: 'Gemini',
    path: (model, streamed) =>
      `/v1beta/models/${encodeURIComponent(model)}:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: {},
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
      generationConfig: { maxOutputTokens: MOST_TOKENS },
    }),
    isAnswer: ({ candidates }) => Array.isArray(candidates) && candidates.length > 0,
    isComplete: (text) => /^data: .*"finishReason":/m.test(text),
  },
  ollama: {
    api: 'Ollama',
    path: () => '/api/chat',
    headers: {},
    body: (model, stream) => ({ model, stream, messages: ASKED, options: { num_predict: MOST_TOKENS } }),
    isAnswer: ({ message, done }) => isObject(message) && done === true,
    isComplete: (text) => /^\{.*"done": ?true\b/m.test(text),
  },
} as const satisfies Readonly<Record<string, Probe>>

export type ApiName = keyof typeof PROBES
export const API_NAMES = Object.keys(PROBES) as ApiName[]

/** What is wrong with an answer of status 200; null: nothing. */
export function faultOf(probe: Probe, text: string, streamed: boolean): string | null {
  if (streamed) return probe.isComplete(text) ? null : 'the stream broke off'
  const body = parsed(text)
  return isObject(body) && probe.isAnswer(body) ? null : 'this is no answer of this API'
}

/** What an error answer says, in whichever form; null: it says nothing. */
export function refusalOf(text: string): { readonly code: string | null; readonly message: string } | null {
  const body = parsed(text)
  const error = isObject(body) ? body['error'] : undefined
  if (typeof error === 'string') return { code: null, message: error }
  if (!isObject(error) || typeof error['message'] !== 'string') return null
  const code = [error['code'], error['status'], error['type']].find((one) => typeof one === 'string') ?? null
  return { code: code, message: error['message'] }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
