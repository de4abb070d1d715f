/** The log: JSON lines, one for each request, no prompts, no secrets. */
import { type DestinationStream, pino, type Logger } from 'pino'
import type { DecisionRecord, GatewayRequest, Settlement } from '../core/types.ts'
import { Blocks } from './blocks.ts'

/** Headers and fields that must not be seen, wherever somebody logs an object that holds them. */
const SECRET_PATHS = [
  'authorization',
  'cookie',
  'key',
  'api_key',
  '["x-api-key"]',
  '["api-key"]',
  '*.key',
  'headers.authorization',
  'headers["x-api-key"]',
  'headers["api-key"]',
  'headers.cookie',
  '*.headers.authorization',
  '*.headers["x-api-key"]',
  '*.headers["api-key"]',
  '*.headers.cookie',
  '*.authorization',
  '*["x-api-key"]',
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

/** Request lines. Their fields are put together in `requestLine`, so there is nothing to redact. */
export interface RequestLog {
  readonly info: (line: object) => void
  readonly warn: (line: object) => void
}

const STANDARD_OUTPUT = 1

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, serializers: { err: plainError } }
  const redact = { paths: SECRET_PATHS, censor: '[redacted]' }
  const sink = destination ?? new Blocks(STANDARD_OUTPUT)
  return {
    events: pino({ ...options, redact }, sink),
    requests: { info: requestLines('info', level, sink), warn: requestLines('warn', level, sink) },
    flush: () => (sink instanceof Blocks ? sink.flush() : Promise.resolve()),
  }
}

/** Lines in pino's form: to stringify a whole one costs a quarter less than pino's field by field, and there is one for each request. */
function requestLines(name: 'info' | 'warn', threshold: string, sink: DestinationStream): (line: object) => void {
  const level = pino.levels.values[name]!
  if (level < (pino.levels.values[threshold] ?? Infinity)) return () => undefined
  const start = `{"level":${level},"time":`
  return (line) => sink.write(`${start}${Date.now()},"msg":"request",${JSON.stringify(line).slice(1)}\n`)
}

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)

/** The line of a finished request; `decision` is the record of design 2.7, outcome included. */
export function requestLine(request: GatewayRequest, record: DecisionRecord | null, settlement: Settlement): object {
  const { error } = settlement
  return {
    request_id: request.id,
    caller: request.principal.id,
    endpoint: request.endpoint.id,
    model: request.model.slice(0, 200),
    stream: request.stream,
    status: settlement.status,
    session: request.session ?? undefined,
    agent: request.agent ?? undefined,
    error:
      error === null
        ? undefined
        : { code: error.code, source: error.source, message: error.message, cause: causeOf(error.cause) },
    overhead_ms: round(settlement.overheadMs),
    bytes_out: settlement.bytesOut,
    decision: record === null ? undefined : { ...record, outcome: outcomeOf(settlement) },
  }
}

/** `outcome` of the decision record. */
export const outcomeOf = (settlement: Settlement): object => ({
  attempts: settlement.attempts.map(({ backend, model, status, error, ttftMs }) => ({
    backend,
    model,
    status,
    error,
    ttft_ms: round(ttftMs),
  })),
  tokens:
    settlement.usage === null
      ? null
      : {
          input: settlement.usage.input,
          cached_input: settlement.usage.cachedInput,
          output: settlement.usage.output,
          reasoning: settlement.usage.reasoning,
        },
  cost_usd: settlement.costNanoUsd === null ? null : settlement.costNanoUsd / 1e9,
  ttft_ms: round(settlement.ttftMs),
  total_ms: round(settlement.totalMs),
  finish: settlement.finish,
  success: settlement.success,
  score: settlement.verdict.score,
  why: settlement.verdict.why,
  wasted: settlement.waste,
})

/** What happened underneath: a code where it has one (the text names addresses), else where in our code it happened. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as { code?: unknown }
  return typeof code === 'string' ? code : cause.stack
}

function plainError(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  return { type: thrown.name, message: thrown.message, stack: thrown.stack }
}
