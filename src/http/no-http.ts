/** Bytes that are not HTTP: there is no request that could be answered, only a connection. */
import { randomUUID } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '../core/errors.ts'
import { openAIError } from '../formats/error-body.ts'
import { faultOfBytes } from './admission/upload-fault.ts'
import { type PlainTools, recordPlainAnswer } from './plain-answers.ts'

/** How long the other side may take to read the answer and to close. */
const LINGER_MS = 1000

/** Node's 'clientError': tells the caller what is wrong, where that is still possible, and closes the connection. */
export function onClientError(thrown: Error & { code?: string }, socket: Socket, plain: PlainTools): void {
  const line = plain.connections.lineOf(socket)
  if (line?.refused === true) return
  const error = faultOfBytes(thrown)
  // Nobody else may speak within an answer, and to who never said a word there is nothing to say.
  const silent = line === null || error === null || line.open.length > 0 || !socket.writable || socket.bytesRead === 0
  if (silent) return void socket.destroy()
  line.refused = true
  if (line.arriving !== null && reads(line.arriving)) return void line.arriving.emit('error', thrown)
  const id = randomUUID()
  socket.end(rawAnswer(error, id))
  const linger = setTimeout(() => socket.destroy(), LINGER_MS)
  linger.unref()
  socket.once('close', () => clearTimeout(linger))
  recordPlainAnswer({ id, endpoint: 'other', status: error.status, failure: error, totalMs: 0 }, plain)
}

/** The body of this request is being read: whoever reads it answers itself, with all that is known. */
const reads = (request: IncomingMessage): boolean => !request.complete && request.listenerCount('error') > 0

/** A whole answer, for a socket that nobody else speaks on. */
export function rawAnswer(error: GatewayError, id: string): string {
  const body = JSON.stringify(openAIError(error))
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'x-turnout-attempts: 0',
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
