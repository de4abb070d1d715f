/** One small question to a backend over HTTP: no redirects, a bounded answer. Used to look at engines, never for inference. */
import { type Dispatcher, request } from 'undici'
import type { BackendSpec } from '../../core/settings.ts'
import type { JsonObject } from '../../core/json.ts'

export interface ProbeRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject | null
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly text: string
}

const MOST_BYTES = 8 * 1024 * 1024

/** Any status is an answer; rejects where none came in time, or one that is too large. */
export async function ask(agent: Dispatcher, question: ProbeRequest): Promise<Answer> {
  const { url, method, headers, body, signal } = question
  const response = await request(url, {
    dispatcher: agent,
    method,
    headers: body === null ? headers : { ...headers, 'content-type': 'application/json' },
    body: body === null ? null : JSON.stringify(body),
    signal,
  })
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MOST_BYTES) throw Object.assign(new Error('answer too large'), { code: 'ANSWER_TOO_LARGE' })
    parts.push(part)
  }
  return { status: response.statusCode, text: Buffer.concat(parts).toString() }
}

/** Headers that a backend's own root may see. */
export function credentials({ provider, key }: Pick<BackendSpec, 'provider' | 'key'>): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...provider.headers }
  if (key !== null) headers[provider.auth.header] = provider.auth.prefix + key
  return headers
}

/** The value, or undefined where the text is not JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
