/** A gateway before one scripted backend for each wire format, and what is asked of it. */
import type { Test } from 'tap'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import type { FormatName } from '../../src/core/format-names.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { type FormatUpstream, startFormatUpstream } from './format-upstream.ts'
import type { ConfigObject, OwnGateway } from './gateway.ts'
import { gatewayFor } from './rig.ts'

/** A kind of backend that is asked in a format. */
export const KINDS: Readonly<Record<FormatName, string>> = {
  'openai-chat': 'openai-compatible',
  'openai-responses': 'openai',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
  ollama: 'ollama',
}

/** Formats that backends are asked in today. */
export const BACKEND_FORMATS: readonly FormatName[] = (Object.keys(KINDS) as FormatName[]).filter((name) =>
  FORMATS.has(name),
)

/** Whether callers can ask there today. */
export const isServed = (id: string): boolean => ENDPOINTS.some((endpoint) => endpoint.id === id && endpoint.served)

export const BACKEND_KEY = 'sk-of-the-backend'

/** One backend for each format, whose name is that of the format; its model is `parrot`. */
export const backendIn = (format: FormatName, url: string, more: ConfigObject = {}): ConfigObject => ({
  name: format,
  kind: KINDS[format],
  url,
  key: BACKEND_KEY,
  models: ['parrot'],
  formats: [format],
  ...more,
})

export interface FormatRig {
  readonly gateway: OwnGateway
  readonly upstream: FormatUpstream
}

export async function formatRig(test: Test, config: ConfigObject = {}, backend: ConfigObject = {}): Promise<FormatRig> {
  const upstream = await startFormatUpstream()
  test.teardown(() => upstream.close())
  const backends = BACKEND_FORMATS.map((format) => backendIn(format, upstream.url, backend))
  const gateway = await gatewayFor(test, { backends, ...config })
  return { gateway, upstream }
}
