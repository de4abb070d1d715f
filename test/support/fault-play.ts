import { gzipSync } from 'node:zlib'
import { packed } from './fault-pack.ts'
import type { FaultConnection } from './fault-connection.ts'
import { GONE } from './fault-connection.ts'
import type { Frame } from './fault-frames.ts'
import { pieces, streamFrames } from './fault-frames.ts'
import type { Plan } from './fault-plan.ts'
import type { LiveRequest } from './fault-record.ts'
import { answerBody } from './openai-answers.ts'

const NO_BODY = { bytes: Buffer.alloc(0), event: false }

/** Answers one request by its plan. Ends silently where the other side has left. */
export async function play(connection: FaultConnection, request: LiveRequest): Promise<void> {
  try {
    await answer(connection, request, request.plan)
  } catch (thrown) {
    if (thrown !== GONE) throw thrown
  }
}

async function answer(connection: FaultConnection, request: LiveRequest, plan: Plan): Promise<void> {
  if (plan.drop !== undefined) {
    await connection.pause(plan.headersAfter)
    return over(connection, request, plan.drop)
  }
  if (plan.interim !== undefined) await connection.write(`HTTP/1.1 ${plan.interim} Interim\r\nlink: </a>\r\n\r\n`)
  await connection.pause(plan.headersAfter)
  const streamed = request.json?.stream === true && plan.body === undefined && (plan.status ?? 200) < 300
  const built = streamed ? streamFrames(request, plan) : [plainFrame(request, plan)]
  const frames = await packed(marked(built, plan), plan)
  const size = frames.reduce((sum, frame) => sum + frame.bytes.length, 0)
  const chunked = streamed && !plan.untilClose
  await connection.write(head(plan, streamed, plan.untilClose ? null : chunked ? 'chunked' : size))
  request.resolveStarted()
  await connection.pause(plan.firstAfter)
  const all = limited(frames, plan)
  if (plan.split !== undefined) await writeSplit(connection, all, plan.split, chunked)
  else await writeFrames(connection, request, all, chunked)
  const cut = plan.cut?.how
  if (cut === 'reset' || cut === 'fin') return over(connection, request, cut)
  if (chunked) await connection.write('0\r\n\r\n')
  const after = plan.untilClose || (cut === 'end' && !chunked) ? 'fin' : plan.afterwards
  over(connection, request, after === 'keep' ? undefined : after)
}

function over(connection: FaultConnection, request: LiveRequest, close: 'reset' | 'fin' | undefined): void {
  request.over = true
  connection.current = null
  if (close !== undefined) connection.close(close)
  request.resolveFinished()
}

/** What is sent of the body before the planned cut. */
function limited(frames: readonly Frame[], { cut }: Plan): readonly Frame[] {
  if (cut?.bytes !== undefined)
    return [{ bytes: Buffer.concat(frames.map((frame) => frame.bytes)).subarray(0, cut.bytes), event: true }]
  if (cut?.events === undefined) return frames
  let left = cut.events
  const end = frames.findIndex((frame) => frame.event && left-- === 0)
  return end < 0 ? frames : frames.slice(0, end)
}

async function writeFrames(
  connection: FaultConnection,
  request: LiveRequest,
  frames: readonly Frame[],
  chunked: boolean,
): Promise<void> {
  const { pace, stallAfter } = request.plan
  for (const frame of frames) {
    if (frame.event && request.sent === stallAfter) await silence(connection, request, chunked)
    if (frame.event && pace !== undefined) await connection.pause(typeof pace === 'number' ? pace : pace(request.sent))
    if (frame.bytes.length > 0) await connection.write(chunked ? framed(frame.bytes) : frame.bytes)
    if (frame.event) request.sent++
  }
  if (stallAfter !== undefined && request.sent <= stallAfter) await silence(connection, request, chunked)
}

/** For ever, but for pings. */
async function silence(connection: FaultConnection, { plan }: LiveRequest, chunked: boolean): Promise<void> {
  const { pings } = plan
  if (pings === undefined) return connection.pause('never')
  const bytes = Buffer.from(pings.text)
  for (;;) {
    await connection.pause(pings.everyMs)
    await connection.write(chunked ? framed(bytes) : bytes)
  }
}

async function writeSplit(
  connection: FaultConnection,
  frames: readonly Frame[],
  split: NonNullable<Plan['split']>,
  chunked: boolean,
): Promise<void> {
  for (const piece of pieces(Buffer.concat(frames.map((frame) => frame.bytes)), split)) {
    await connection.write(chunked ? framed(piece) : piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function framed(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

const MARK = { bytes: Buffer.from([0xef, 0xbb, 0xbf]), event: false }

const marked = (frames: readonly Frame[], { mark }: Plan): readonly Frame[] => (mark ? [MARK, ...frames] : frames)

function plainFrame(request: LiveRequest, plan: Plan): Frame {
  const { body, gzip, status = 200 } = plan
  if (status === 204 || status === 304) return NO_BODY
  const built =
    body ??
    (status < 300
      ? answerBody(request, plan)
      : { error: { message: `injected ${status}`, type: 'server_error', param: null, code: null } })
  const bytes = Buffer.isBuffer(built) ? built : Buffer.from(typeof built === 'string' ? built : JSON.stringify(built))
  return { bytes: gzip ? gzipSync(bytes) : bytes, event: true }
}

function head(plan: Plan, streamed: boolean, length: number | 'chunked' | null): string {
  const type =
    plan.contentType ??
    (streamed ? 'text/event-stream; charset=utf-8' : typeof plan.body === 'string' ? 'text/plain' : 'application/json')
  const headers: Record<string, string> = { server: 'fault-upstream' }
  if (type !== '') headers['content-type'] = type
  const encoding = plan.gzip ? 'gzip' : plan.encoding === 'raw' ? 'deflate' : plan.encoding
  if (encoding !== undefined) headers['content-encoding'] = encoding
  if (length === 'chunked') headers['transfer-encoding'] = 'chunked'
  else if (length === null) headers.connection = 'close'
  else headers['content-length'] = String(length)
  const lines = Object.entries({ ...headers, ...plan.headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${plan.status ?? 200} Injected\r\n${lines.join('')}\r\n`
}
