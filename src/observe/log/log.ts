/** The log: JSON lines, one for each request, no prompts, no secrets. */
import { type DestinationStream, pino, type Logger } from 'pino'
import { type Emit, EVENTS } from '../../core/events.ts'
import type { DecisionReads } from '../../core/request-record.ts'
import { Blocks } from './blocks.ts'
import { thrownOf } from './failure.ts'

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

export interface Log {
  /** Events of the gateway and the fleet; secrets are redacted wherever they turn up. */
  readonly events: Logger
  readonly requests: RequestLog
  /** Writes what is buffered; for the way out. Waits no longer than a second or two for a reader that is behind. */
  readonly flush: () => Promise<void>
}

/** Lines of requests. Their members are put together in `requestText`, so there is nothing to redact. */
export interface RequestLog {
  /** Of which requests lines may be written, by the level. */
  readonly written: DecisionReads
  readonly info: RequestLine
  readonly warn: RequestLine
}

/** `at`: when the request had ended, epoch ms, now where absent; `members`, `decision`: JSON, that of the line without braces, and what becomes its last member. */
export type RequestLine = (members: string, at?: number, decision?: string | null) => void

/** Writes each event as a line, as serious as it is. */
export const logEvents =
  ({ events }: Log): Emit =>
  (event) => {
    const { level, of } = EVENTS[event.event]
    events[level](event, of)
  }

const STANDARD_OUTPUT = 1

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, serializers: { err: thrownOf } }
  const redact = { paths: SECRET_PATHS, censor: '[redacted]' }
  const sink = destination ?? new Blocks(STANDARD_OUTPUT)
  return {
    events: pino({ ...options, redact }, sink),
    requests: {
      written: isWritten('info', level) ? 'all' : isWritten('warn', level) ? 'failed' : 'none',
      info: requestLines('info', level, sink),
      warn: requestLines('warn', level, sink),
    },
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

const isWritten = (name: 'info' | 'warn', threshold: string): boolean =>
  pino.levels.values[name]! >= (pino.levels.values[threshold] ?? Infinity)
