/** A second wire format, as callers and as backends speak it over real sockets, beside the first one in all four pairs. */
import { ownPlaces } from '../../src/core/ask-place.ts'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { createApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/load.ts'
import { CHAT, ENDPOINTS } from '../../src/core/endpoints.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import { PROVIDERS } from '../config/load.ts'
import { SERVER, sumOf } from '../support/gateway.ts'
import { TOY, TOY_ENDPOINT } from '../support/toy-format.ts'

type Spoken = 'openai-chat' | 'toy'
const SPOKEN: readonly Spoken[] = ['openai-chat', 'toy']

interface World {
  readonly url: string
  /** The bodies that the backend of a format has had. */
  readonly heard: Readonly<Record<Spoken, string[]>>
  readonly metric: (name: string) => Promise<number>
}

/** What is said to both kinds of backends, and what they answer: by the last line of the user. */
const WORDS: Readonly<Record<string, object>> = {
  hello: { text: ['Good ', 'day'], finish: 'stop' },
  weather: { call: ['{"city":', '"Vienna"}'], finish: 'tool_calls' },
  long: { text: ['And so ', 'on'], finish: 'length' },
}

interface Said {
  readonly text?: readonly string[]
  readonly call?: readonly string[]
  readonly finish: string
}

const TOY_WHY: Readonly<Record<string, string>> = { stop: 'enough', length: 'full', tool_calls: 'kit' }

function toyAnswer({ text, call, finish }: Said, live: boolean): string {
  const use = call && { use: { tag: 'c1', tool: 'weather', with: call.join('') } }
  const spent = [9, 4]
  if (!live) return JSON.stringify({ by: 'parrot-toy', said: text?.join(''), ...use, why: TOY_WHY[finish], spent })
  const events = [{ by: 'parrot-toy' }, ...(text ?? []).map((said) => ({ said })), ...(use ? [use] : [])]
  return (
    [...events, { why: TOY_WHY[finish] }, { spent }].map((one) => `data: ${JSON.stringify(one)}\n\n`).join('') +
    'data: bye\n\n'
  )
}

function openAIAnswer({ text, call, finish }: Said, stream: boolean): string {
  const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 }
  const head = { id: 'a', created: 1, model: 'parrot-openai-chat' }
  const piece = (text: string): object => ({ function: { arguments: text } })
  const first = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } }
  if (!stream) {
    const tool_calls = call && [{ ...first, function: { name: 'weather', arguments: call.join('') } }]
    const message = { role: 'assistant', content: text?.join('') ?? null, ...(tool_calls && { tool_calls }) }
    return JSON.stringify({ ...head, choices: [{ index: 0, message, finish_reason: finish }], usage })
  }
  const deltas = [
    { role: 'assistant', content: '' },
    ...(text ?? []).map((content) => ({ content })),
    ...(call ? [first, ...call.map(piece)].map((one) => ({ tool_calls: [{ index: 0, ...one }] })) : []),
  ]
  const choices = [
    ...deltas.map((delta) => ({ delta, finish_reason: null as string | null })),
    { delta: {}, finish_reason: finish },
  ]
  const events = [
    ...choices.map((choice) => ({ ...head, choices: [{ index: 0, ...choice }] })),
    { ...head, choices: [], usage },
  ]
  return events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('') + 'data: [DONE]\n\n'
}

/** Answers a request of its format, which it takes apart by itself. */
function backend(format: Spoken, heard: string[]): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    // A look at its models, which are declared.
    if (request.method !== 'POST') return response.writeHead(404).end()
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString()
      heard.push(text)
      const body = JSON.parse(text) as Record<string, unknown>
      const said =
        format === 'toy'
          ? (body['lines'] as string[][]).at(-1)![1]!
          : (body['messages'] as { content: string }[]).at(-1)!.content
      const stream = body[format === 'toy' ? 'live' : 'stream'] === true
      const answer = WORDS[said] as Said | undefined
      response.setHeader('content-type', stream && answer !== undefined ? 'text/event-stream' : 'application/json')
      if (answer !== undefined)
        return response.end(format === 'toy' ? toyAnswer(answer, stream) : openAIAnswer(answer, stream))
      response.statusCode = 400
      const message = `what is "${said}"?`
      response.end(
        JSON.stringify(format === 'toy' ? { oops: message } : { error: { message, type: 'invalid_request_error' } }),
      )
    })
  }
}

async function world(test: Test): Promise<World> {
  const heard = { 'openai-chat': [] as string[], toy: [] as string[] }
  const backends: object[] = []
  for (const format of SPOKEN) {
    const server = createServer(backend(format, heard[format])).listen(0, '127.0.0.1')
    await once(server, 'listening')
    test.teardown(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    backends.push({ name: format, kind: format === 'toy' ? 'toy' : 'openai-compatible', url, models: ['parrot'] })
  }
  const plain = PROVIDERS.get('openai-compatible')!
  const toy = {
    ...plain,
    kind: 'toy',
    label: 'Toy',
    discovery: [],
    endpoints: ownPlaces([{ ...TOY_ENDPOINT, path: '/speak' }]),
  }
  const { config } = parseConfig(stringify({ server: SERVER, backends }), {}, new Map([...PROVIDERS, ['toy', toy]]))
  const app = await createApp({
    config,
    logTo: { write: () => undefined },
    formats: new Map([...FORMATS, ['toy', TOY]]),
    endpoints: [...ENDPOINTS, TOY_ENDPOINT],
  })
  test.teardown(() => app.close())
  const { url } = await app.listen()
  return { url, heard, metric: async (name) => sumOf(await (await fetch(`${url}/metrics`)).text(), name, {}) }
}

interface Heard {
  readonly status: number
  readonly text: string
  readonly call: string
  readonly finish: string
  readonly tokens: unknown
  readonly model: string
  readonly error: string
  /** What ended the stream. */
  readonly end: string
}

const TOOL = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

function bodyFor(caller: Spoken, model: string, said: string, stream: boolean): object {
  if (caller === 'toy')
    return {
      to: model,
      live: stream,
      lines: [
        ['boss', 'Be brief.'],
        ['me', said],
      ],
      longest: 50,
      kit: { weather: TOOL },
    }
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: said },
  ]
  const tools = [{ type: 'function', function: { name: 'weather', parameters: TOOL } }]
  return {
    model,
    stream,
    messages,
    max_tokens: 50,
    tools,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  }
}

async function speak(url: string, caller: Spoken, model: string, said: string, stream: boolean): Promise<Heard> {
  const path = caller === 'toy' ? TOY_ENDPOINT.path : CHAT.path
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bodyFor(caller, model, said, stream)),
  })
  const text = await answer.text()
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  const data = isStream
    ? text
        .split('\n\n')
        .slice(0, -1)
        .map((event) => event.replace(/^data: /, ''))
    : [text]
  const end = isStream ? data.pop()! : ''
  const values = data.map((one) => JSON.parse(one) as Record<string, never>)
  return { status: answer.status, end, ...(caller === 'toy' ? heardByToy(values) : heardByOpenAI(values)) }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

type Read = Omit<Heard, 'status' | 'end'>

function heardByToy(values: readonly Record<string, unknown>[]): Read {
  const all = (name: string): unknown[] => values.flatMap((one) => (name in one ? [one[name]] : []))
  const use = all('use')[0] as { tool: string; with: string } | undefined
  return {
    text: all('said').join(''),
    call: use === undefined ? '' : `${use.tool} ${use.with}`,
    finish: textOf(all('why')[0]),
    tokens: all('spent').at(-1),
    model: textOf(all('by').at(-1)),
    error: textOf(all('oops')[0]),
  }
}

interface Part {
  readonly content?: string | null
  readonly tool_calls?: readonly { readonly function: { readonly name?: string; readonly arguments: string } }[]
}

function heardByOpenAI(values: readonly Record<string, unknown>[]): Read {
  const choices = values.flatMap(
    (one) =>
      (one['choices'] ?? []) as {
        readonly delta?: Part
        readonly message?: Part
        readonly finish_reason: string | null
      }[],
  )
  const parts = choices.map(({ delta, message }) => delta ?? message ?? {})
  const calls = parts.flatMap(({ tool_calls }) => tool_calls ?? [])
  const usage = values.map((one) => one['usage'] as Record<string, number> | undefined).findLast((one) => one)
  return {
    text: parts.map(({ content }) => content ?? '').join(''),
    call: calls.length === 0 ? '' : `${calls[0]!.function.name} ${calls.map((one) => one.function.arguments).join('')}`,
    finish: choices.map((one) => one.finish_reason).findLast((one) => one !== null) ?? '',
    tokens: usage && [usage['prompt_tokens'], usage['completion_tokens']],
    model: textOf(values[0]?.['model']),
    error: (values[0]?.['error'] as { readonly message: string } | undefined)?.message ?? '',
  }
}

t.test('every caller is answered by every backend', async (t) => {
  const { url, heard, metric } = await world(t)
  for (const caller of SPOKEN)
    for (const spoken of SPOKEN)
      for (const stream of [false, true]) {
        const name = `${caller} caller, ${spoken} backend, ${stream ? 'streamed' : 'whole'}`
        const end = !stream ? '' : caller === 'toy' ? 'bye' : '[DONE]'
        const finish = (reason: string): string => (caller === 'toy' ? TOY_WHY[reason]! : reason)
        const common = { status: 200, end, model: `parrot-${spoken}`, tokens: [9, 4], error: '' }
        const ask = (said: string): Promise<Heard> => speak(url, caller, `${spoken}/parrot`, said, stream)
        t.strictSame(await ask('hello'), { ...common, text: 'Good day', call: '', finish: finish('stop') }, name)
        t.strictSame(await ask('long'), { ...common, text: 'And so on', call: '', finish: finish('length') }, name)
        const call = 'weather {"city":"Vienna"}'
        t.strictSame(await ask('weather'), { ...common, text: '', call, finish: finish('tool_calls') }, name)
        const refused = await ask('mumble')
        t.match(refused, { status: 400, end: '', error: 'what is "mumble"?', text: '' }, name)
      }
  t.strictSame([heard['openai-chat'].length, heard.toy.length], [16, 16])
  // Of four each, one was cut and one refused.
  t.equal(await metric('turnout_successes_total'), 16)
  t.equal(await metric('turnout_tokens_total'), 24 * 13)
})

t.test(
  'what a backend hears: the bytes of a caller of its own format, and the same said otherwise of another one',
  async (t) => {
    const { url, heard } = await world(t)
    const kit = { weather: TOOL }
    await speak(url, 'toy', 'toy/parrot', 'hello', true)
    t.strictSame(JSON.parse(heard.toy[0]!), {
      to: 'parrot',
      live: true,
      lines: [
        ['boss', 'Be brief.'],
        ['me', 'hello'],
      ],
      longest: 50,
      kit,
    })
    await speak(url, 'openai-chat', 'toy/parrot', 'hello', true)
    t.strictSame(JSON.parse(heard.toy[1]!), JSON.parse(heard.toy[0]!))
    await speak(url, 'toy', 'openai-chat/parrot', 'hello', true)
    const { tools, ...rest } = JSON.parse(heard['openai-chat'][0]!) as Record<string, unknown>
    t.match(tools, [{ type: 'function', function: { name: 'weather', parameters: TOOL } }])
    t.strictSame(rest, {
      model: 'parrot',
      stream: true,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hello' },
      ],
      max_tokens: 50,
      stream_options: { include_usage: true },
    })
  },
)

t.test('what is wrong with a request is said in the format of its caller, before any backend hears it', async (t) => {
  const { url, heard } = await world(t)
  const send = async (path: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
  }
  t.strictSame(await send(TOY_ENDPOINT.path, { lines: [] }), { oops: '`to` must be a text.', sort: 'invalid_request' })
  t.match(await send(TOY_ENDPOINT.path, { to: 'nothing', lines: [] }), { oops: /nothing/, sort: 'model_not_found' })
  t.match(await send(CHAT.path, { model: 'nothing', messages: [] }), { error: { code: 'model_not_found' } })
  t.strictSame([heard['openai-chat'].length, heard.toy.length], [0, 0])
})
