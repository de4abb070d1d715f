/** The log: JSON lines, one for each request, no prompts, no secrets. */
import { type DestinationStream, pino, type Logger } from 'pino'
import type { DecisionRecord, GatewayRequest, Settlement } from '../core/types.ts'

export type { Logger }

/** Headers and fields that must not be seen, wherever somebody logs an object that holds them. */
const SECRET_PATHS = [
  'authorization',
  'cookie',
  'key',
  'api_key',
  'headers.authorization',
  'headers["x-api-key"]',
  'headers["api-key"]',
  'headers.cookie',
  '*.authorization',
  '*["x-api-key"]',
  '*["api-key"]',
  '*.api_key',
]

/** Buffered: a line never waits for the disk, and `flush` on the way out loses none. */
export function createLog(level: string, destination?: DestinationStream): { log: Logger; flush: () => void } {
  const options = {
    level,
    base: null,
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    serializers: { err: plainError },
  }
  if (destination !== undefined) return { log: pino(options, destination), flush: () => undefined }
  const buffered = pino.destination({ dest: 1, sync: false, minLength: 4096 })
  // Lines of a quiet gateway should not wait for a busy minute.
  const timer = setInterval(() => buffered.flush(), 1000)
  timer.unref()
  return {
    log: pino(options, buffered),
    flush: () => {
      clearInterval(timer)
      try {
        buffered.flushSync()
      } catch {
        // The reader of the pipe is gone: nobody is left to tell.
      }
    },
  }
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
    decision: record === null ? undefined : { ...record, outcome: outcome(settlement) },
  }
}

const outcome = (settlement: Settlement): object => ({
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
  cost_usd: settlement.costMicroUsd === null ? null : settlement.costMicroUsd / 1e6,
  ttft_ms: round(settlement.ttftMs),
  total_ms: round(settlement.totalMs),
  finish: settlement.finish,
  success: settlement.success,
})

/** What happened underneath; its text may name hosts and is for the operator's eyes only. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as { code?: unknown }
  return typeof code === 'string' ? `${code} ${cause.message}` : cause.stack
}

function plainError(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  return { type: thrown.name, message: thrown.message, stack: thrown.stack }
}
