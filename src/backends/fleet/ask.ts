/** One small question to a backend. Used to look at engines, never for inference. */
import type { JsonObject } from '../../core/json.ts'
import type { BackendSpec } from '../../core/settings.ts'
import type { HttpAnswer, HttpCall, HttpClient } from '../upstream/http-client.ts'

export interface ProbeRequest extends Omit<HttpCall, 'body'> {
  readonly url: string
  readonly body: JsonObject | null
}

/** Any status is an answer; rejects where none came in time, or one that is too large. */
export function ask(client: HttpClient, { body, headers, ...probe }: ProbeRequest): Promise<HttpAnswer> {
  if (body === null) return client.call({ ...probe, headers })
  return client.call({
    ...probe,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Headers that a backend's own root may see. */
export function credentials({ provider, key }: Pick<BackendSpec, 'provider' | 'key'>): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...provider.headers }
  if (key !== null) headers[provider.auth.header] = provider.auth.prefix + key
  return headers
}

/** The value, or undefined where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
