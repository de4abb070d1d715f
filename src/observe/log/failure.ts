/** Errors as the log has them. Their messages go to the caller only: engines quote the prompt in theirs, and ours quote the request. */
import type { ErrorCode, GatewayError } from '../../core/errors.ts'
import type { Failure } from '../../core/request-record.ts'
import { knownCode } from './upstream-code.ts'

export const failureRecordOf = (error: GatewayError): Failure => ({
  source: error.source,
  upstreamStatus: error.upstreamStatus,
  upstreamCode: knownCode(error.upstreamCode),
  messageChars: error.message.length,
  cause: causeOf(error.cause),
})

/** As log lines have it. */
export interface FailureLine {
  readonly code: ErrorCode
  readonly source: Failure['source']
  readonly upstream_status: number | undefined
  readonly upstream_code: string | undefined
  readonly message_chars: number
  readonly cause: string | undefined
}

export const failureLine = (code: ErrorCode, failure: Failure): FailureLine => ({
  code,
  source: failure.source,
  upstream_status: failure.upstreamStatus ?? undefined,
  upstream_code: failure.upstreamCode ?? undefined,
  message_chars: failure.messageChars,
  cause: failure.cause ?? undefined,
})

/** A code of the system or of a library, else null: any other text there may be anything. */
function codeOf(thrown: object): string | null {
  const { code } = thrown as { readonly code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z\d_]{1,63}$/.test(code) ? code : null
}

/** What happened underneath: a code where it has one (its text names addresses), else where in our code it happened. */
function causeOf(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null
  return codeOf(cause) ?? [typeOf(cause), ...framesOf(cause)].join(' ')
}

/** An unexpected exception. Its message may quote anything (that of JSON.parse quotes the prompt), so only its place is logged. */
export function thrownOf(thrown: unknown): { type: string; code?: string; stack?: string } {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const code = codeOf(thrown)
  return { type: typeOf(thrown), ...(code === null ? {} : { code }), stack: framesOf(thrown).join('\n') }
}

const typeOf = ({ name }: Error): string => (/^[A-Za-z]{1,64}$/.test(name) ? name : 'Error')

const FRAME = /^ {4}at (?:[\w.<>$#[\] ]{1,200} \()?(?:file:|node:|\/)[^\n]{1,300}$/
const MOST_FRAMES = 12

/** Lines of the stack behind the message, which may hold lines of its own that look like them. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = message === '' ? 0 : stack.indexOf(message) + message.length
  return stack
    .slice(at)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES)
}
