/** The log as JSON lines, one for each request, no prompts, no secrets. */
import { type DestinationStream, pino, type Logger } from 'pino'
import { EVENTS } from '../../core/events.ts'
import { Blocks } from './blocks.ts'
import { thrownOf } from './failure.ts'
import type { Log } from './lines.ts'
import { isWritten, STANDARD_OUTPUT } from './levels.ts'
import { type RequestLine, type RequestLog, RequestLogger } from './request-log.ts'

/** Headers and fields that must not be seen, in whatever object they are logged. */
const SECRET_PATHS = [
  'authorization',
  'cookie',
  'key',
  'api_key',
  '["x-api-key"]',
  '["x-goog-api-key"]',
  '["api-key"]',
  '*.key',
  'headers.authorization',
  'headers["x-api-key"]',
  'headers["x-goog-api-key"]',
  'headers["api-key"]',
  'headers.cookie',
  '*.headers.authorization',
  '*.headers["x-api-key"]',
  '*.headers["x-goog-api-key"]',
  '*.headers["api-key"]',
  '*.headers.cookie',
  '*.authorization',
  '*["x-api-key"]',
  '*["x-goog-api-key"]',
  '*["api-key"]',
  '*.api_key',
]

export interface JsonLog extends Log {
  /** Secrets are redacted wherever they turn up. */
  readonly events: Logger
  readonly requests: RequestLog
}

/** How long a line waits for others, ms: handing each one to the system by itself costs several times what the line does. */
const WAIT_MS = 1000

export function createLog(level: string, destination?: DestinationStream): JsonLog {
  const options = { level, base: null, serializers: { err: thrownOf } }
  const redact = { paths: SECRET_PATHS, censor: '[redacted]' }
  const sink = destination ?? new Blocks(STANDARD_OUTPUT, WAIT_MS)
  const events = pino({ ...options, redact }, sink)
  const requests: RequestLog = {
    written: isWritten('info', level) ? 'all' : isWritten('warn', level) ? 'failed' : 'none',
    info: requestLines('info', level, sink),
    warn: requestLines('warn', level, sink),
  }
  return {
    events,
    requests,
    emit(event) {
      const { level, of } = EVENTS[event.event]
      events[level](event, of)
    },
    plain: (line) => requests.info(JSON.stringify(line).slice(1, -1)),
    fault: (level, of, fields) => events[level](fields, of),
    observer: (whole) => new RequestLogger(requests, whole),
    flush: () => (sink instanceof Blocks ? sink.flush() : Promise.resolve()),
  }
}

/** Lines in pino's form, which takes several times as long to write them field by field, and there is one for each request. */
function requestLines(name: 'info' | 'warn', threshold: string, sink: DestinationStream): RequestLine {
  if (!isWritten(name, threshold)) return () => undefined
  const start = `{"level":${pino.levels.values[name]!},"time":`
  return (members, at = Date.now(), decision = null) => {
    const last = decision === null ? '' : `,"decision":${decision}`
    sink.write(`${start}${at},"msg":"request",${members}${last}}\n`)
  }
}
