/** Child process: the upstream of every contender. Raw sockets, so that it takes little of the core it shares. */
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import {
  type Ask,
  askedOf,
  contentEvents,
  DONE,
  expected,
  finishEvent,
  MODEL,
  promptOf,
  SEEDS,
  usageEvent,
  variantOf,
} from './payload.ts'
import { type Answer, answerAt, PREFIX } from './dialects/answers.ts'
import { Wheel } from './wheel.ts'

const MODELS = JSON.stringify({
  object: 'list',
  data: [{ id: MODEL, object: 'model', created: 1_760_000_000, owned_by: 'bench' }],
})
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
)
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const LARGE = 100_000
/** Fields of the request stand within its first bytes. */
const FRONT = 400

const wheel = new Wheel()
const framed = new Map<string, readonly Buffer[]>()
const answers = new Map<string, Buffer>()

const chunk = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, Buffer.from('\r\n')])

const json = (status: string, body: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ),
    Buffer.from(body),
  ])

/** The writes of one stream: head with first event, one for each further event, and the end. */
function framesOf(ask: Ask, model: string, seed: number, usage: boolean): readonly Buffer[] {
  const name = `${model}/${seed}/${ask.chunks}/${usage}`
  let frames = framed.get(name)
  if (frames === undefined) {
    const list = contentEvents(ask.chunks, model, seed).map(chunk)
    list[0] = Buffer.concat([STREAM_HEAD, list[0] ?? Buffer.alloc(0)])
    const last = [finishEvent(model, seed), ...(usage ? [usageEvent(ask, model, seed)] : []), DONE].map(chunk)
    list.push(Buffer.concat([...last, LAST_CHUNK]))
    framed.set(name, (frames = list))
  }
  return frames
}

function answer(socket: Socket, head: string, body: Buffer): void {
  if (head.startsWith(`POST ${PREFIX}/`))
    return tell(socket, answerAt(head.slice(5 + PREFIX.length, head.indexOf(' ', 5)), body))
  if (head.startsWith('GET /v1/models')) return void socket.write(json('200 OK', MODELS))
  if (!head.startsWith('POST /v1/chat/completions'))
    return void socket.write(json('404 Not Found', '{"error":{"message":"no such path"}}'))
  const front = body.toString('latin1', 0, FRONT)
  const asked = askedOf(front)
  const prompt = body.length > LARGE ? 'large' : 'small'
  if (asked === null || !arrived(body, prompt, asked.number))
    return void socket.write(
      json('422 Unprocessable Content', '{"error":{"message":"the prompt did not arrive as it was sent"}}'),
    )
  const { model, number, chunks, delayMs } = asked
  const stream = front.includes('"stream":true')
  const ask: Ask = { prompt, stream, chunks, delayMs }
  if (!stream) return void socket.write(whole(ask, model, number))
  const usage = body.includes('"include_usage":true')
  play(socket, framesOf(ask, model, number % SEEDS, usage), delayMs)
}

/** An answer in a dialect, or why there is none. */
function tell(socket: Socket, found: Answer | string): void {
  if (typeof found === 'string')
    return void socket.write(json('422 Unprocessable Content', JSON.stringify({ error: { message: found } })))
  if (!found.stream) return void socket.write(json('200 OK', found.payloads[0]!))
  const frames = told.get(found) ?? framesFor(found)
  told.set(found, frames)
  play(socket, frames, 0)
}

const told = new Map<Answer, readonly Buffer[]>()

/** Each event in a write of its own, but for those before the first content and behind the last. */
function framesFor({ type, payloads }: Answer): readonly Buffer[] {
  const head = STREAM_HEAD.toString().replace('text/event-stream', type)
  const list = payloads.map(chunk)
  list[0] = Buffer.concat([Buffer.from(head), list[0]!])
  list.push(LAST_CHUNK)
  return list
}

/** The whole prompt, and that of this request. */
function arrived(body: Buffer, prompt: Ask['prompt'], number: number): boolean {
  const messages = promptOf(prompt, variantOf(prompt, number)).with(number)
  const start = body.indexOf('"messages":') + 11
  const end = start + messages.length
  return start > 10 && end < body.length && messages.compare(body, start, end) === 0
}

function whole(ask: Ask, model: string, number: number): Buffer {
  const name = `${model}/${ask.prompt}/${number % SEEDS}`
  let bytes = answers.get(name)
  if (bytes === undefined) answers.set(name, (bytes = json('200 OK', expected(ask, model, number).body)))
  return bytes
}

function play(socket: Socket, frames: readonly Buffer[], delayMs: number): void {
  let at = 0
  const next = (): boolean => {
    if (socket.destroyed) return false
    const frame = frames[at++]
    if (frame !== undefined) socket.write(frame)
    return at < frames.length
  }
  if (delayMs > 0) {
    next()
    wheel.every(delayMs, next)
    return
  }
  // A chunk of each stream in turn, as an engine writes them.
  const pour = (): void => {
    if (!next()) return
    if (socket.writableNeedDrain) socket.once('drain', pour)
    else setImmediate(pour)
  }
  pour()
}

const server = createServer({ noDelay: true }, (socket) => {
  let head: string | null = null
  let need = 0
  let have = 0
  let parts: Buffer[] = []
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    parts.push(bytes)
    have += bytes.length
    for (;;) {
      if (head === null) {
        const all = parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts)
        const end = all.indexOf('\r\n\r\n')
        if (end < 0) return
        head = all.toString('latin1', 0, end + 2)
        if (/\r\ntransfer-encoding:/i.test(head)) return void socket.end(json('411 Length Required', '{}'))
        need = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
        parts = [all.subarray(end + 4)]
        have = all.length - end - 4
      }
      if (have < need) return
      const all = parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts)
      const line = head
      head = null
      parts = have > need ? [all.subarray(need)] : []
      have -= need
      answer(socket, line, all.subarray(0, need))
      if (have === 0) return
    }
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
