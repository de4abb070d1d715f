/** A backend over real sockets that answers POST /v1/messages with the bytes that it is told, in the packets that it is told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import type { JsonObject } from '../../src/core/json.ts'

export interface MessagesAsked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As it came. */
  readonly raw: string
  readonly body: JsonObject
}

export interface MessagesReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Each is a packet of its own. */
  readonly packets: readonly (string | Buffer)[]
  /** `reset`: the connection breaks behind them. */
  readonly end?: 'reset'
}

export interface MessagesUpstream {
  readonly url: string
  readonly asked: readonly MessagesAsked[]
  last(): MessagesAsked
}

/** `reply`: to the n-th request (1 = first). Other paths are answered 404. */
export async function messagesUpstream(
  test: Test,
  reply: (asked: MessagesAsked, n: number) => MessagesReply,
  path = '/v1/messages',
): Promise<MessagesUpstream> {
  const asked: MessagesAsked[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const raw = Buffer.concat(pieces).toString()
      if (request.method !== 'POST' || request.url !== path)
        return response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"Not Found"}}')
      asked.push({ path: request.url, headers: request.headers, raw, body: JSON.parse(raw) as JsonObject })
      void play(response, reply(asked.at(-1)!, asked.length))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    last: () => {
      const one = asked.at(-1)
      if (one === undefined) throw new Error('nothing was asked')
      return one
    },
  }
}

async function play(response: ServerResponse, { status = 200, headers, packets, end }: MessagesReply): Promise<void> {
  const type = String(packets[0] ?? '').startsWith('{') ? 'application/json' : 'text/event-stream'
  response.writeHead(status, { 'content-type': type, ...headers })
  for (const packet of packets) {
    response.write(packet)
    await setImmediate()
  }
  if (end === 'reset') response.socket?.resetAndDestroy()
  else response.end()
}

/** One event of a stream. */
export const sse = (data: { readonly type: string } & JsonObject): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

/** A whole answer as the events of Anthropic's cloud: a ping behind the first block, texts in pieces, arguments in pieces. */
export function asStream(message: JsonObject): string[] {
  const { content, stop_reason, stop_sequence, usage, ...head } = message
  const counts = usage as JsonObject
  const blocks = (content as readonly JsonObject[]).flatMap((block, index): string[] => {
    const start = (content_block: JsonObject): string => sse({ type: 'content_block_start', index, content_block })
    const delta = (of: JsonObject): string => sse({ type: 'content_block_delta', index, delta: of })
    const halves = (text: string): string[] => [text.slice(0, text.length / 2), text.slice(text.length / 2)]
    const stop = sse({ type: 'content_block_stop', index })
    switch (block['type']) {
      case 'thinking':
        return [
          start({ type: 'thinking', thinking: '', signature: '' }),
          ...halves(block['thinking'] as string).map((thinking) => delta({ type: 'thinking_delta', thinking })),
          delta({ type: 'signature_delta', signature: block['signature'] }),
          stop,
        ]
      case 'tool_use':
        return [
          start({ ...block, input: {} }),
          delta({ type: 'input_json_delta', partial_json: '' }),
          ...halves(JSON.stringify(block['input'])).map((json) =>
            delta({ type: 'input_json_delta', partial_json: json }),
          ),
          stop,
        ]
      case 'text':
        return [
          start({ type: 'text', text: '' }),
          sse({ type: 'ping' }),
          ...halves(block['text'] as string).map((text) => delta({ type: 'text_delta', text })),
          stop,
        ]
      default:
        return [start(block), stop]
    }
  })
  return [
    sse({
      type: 'message_start',
      message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...counts, output_tokens: 1 } },
    }),
    ...blocks,
    sse({
      type: 'message_delta',
      delta: { stop_reason, stop_sequence },
      usage: { output_tokens: counts['output_tokens'] },
    }),
    sse({ type: 'message_stop' }),
  ]
}
