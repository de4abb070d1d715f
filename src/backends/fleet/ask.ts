/** One small question to a backend. Used to look at engines, never for inference. */
import type { Provider } from '../../core/provider.ts'
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

/** Headers that a backend's own root may see. `auth`: where the key goes; null: where the provider takes it. */
export function credentials(
  { provider, key }: Pick<BackendSpec, 'provider' | 'key'>,
  auth: Provider['auth'] | null = null,
): Record<string, string> {
  const { header, prefix } = auth ?? provider.auth

  const headers: Record<string, string> = { accept: 'application/json', ...provider.headers }
  if (key !== null) headers[header] = prefix + key
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
