/** Requests for messages, and what their streams say. */
import { MESSAGES } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { CALLER } from '../../src/formats/anthropic/caller.ts'
import { gatewayRequest } from './factories.ts'

/** Members that a test does not name are there and harmless. */
export function messagesRequest(body: JsonObject = {}): GatewayRequest {
  const whole = { model: 'tiny', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }], ...body }
  const raw = Buffer.from(JSON.stringify(whole))
  const { prompt, stream } = CALLER.read(raw, MESSAGES, { url: MESSAGES.path, headers: {} })
  return gatewayRequest(whole, { endpoint: MESSAGES, prompt, raw, stream })
}

export type MessageEvent = Readonly<Record<string, unknown>> & { readonly type: string }

/** The events of a stream. Throws where one has another name than its type says. */
export function messageEvents(stream: string | Buffer): MessageEvent[] {
  return stream
    .toString()
    .split('\n\n')
    .filter((text) => text !== '')
    .map((text) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? []
      const event = JSON.parse(data ?? 'null') as MessageEvent | null
      if (event === null || event.type !== name) throw new Error(`no event of Anthropic's: ${text}`)
      return event
    })
}

export const MESSAGES_PATH = '/v1/messages'

/** A body that any backend answers, with any further members. */
export const messages = (extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  model: 'tiny',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Where does the river run?' }],
  ...extra,
})
