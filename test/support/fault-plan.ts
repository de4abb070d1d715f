import type { RecordedRequest } from './fault-record.ts'

/** A pause: milliseconds, for ever, or until a promise of the test resolves. */
export type Wait = number | 'never' | PromiseLike<unknown>

/** How a connection ends: RST, FIN without the end of the body, or a well-formed end of the HTTP body. */
export type Cut = 'reset' | 'fin' | 'end'

/** `own`: a chunk of its own, when asked; `always`: the same unasked; `content`: on the last content chunk; `finish`: on the finish chunk. */
export type UsagePlace = 'own' | 'always' | 'content' | 'finish' | 'cumulative' | 'never' | 'null'

/** An error inside a stream: OpenAI's object, vLLM's flat one, or a named event. */
export interface InBandError {
  /** Events of the answer before it; 0 = it comes first. */
  readonly after: number
  readonly form: 'object' | 'flat' | 'event'
  readonly code?: number | string
  readonly type?: string
  readonly message?: string
}

/** `raw`: deflate without the header of zlib, as some send it. */
export type Encoding = 'gzip' | 'br' | 'deflate' | 'raw'

/**
 * How one request is answered. An empty plan is a good answer; every field adds one trait or fault, and they combine.
 * Positions are in events of the stream (without [DONE] counted as one more event) or bytes of the decoded body.
 */
export interface Plan {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body itself, in place of the built answer: an object goes out as JSON. */
  readonly body?: string | Buffer | object
  /** '' = no such header. */
  readonly contentType?: string
  readonly gzip?: boolean
  /** The body is compressed; of a stream each event for itself. */
  readonly encoding?: Encoding
  /** A byte order mark before the body. */
  readonly mark?: boolean

  /** Pieces of the answer's text. */
  readonly words?: readonly string[]
  readonly finish?: string
  readonly toolCall?: { readonly name: string; readonly arguments: readonly string[] }
  readonly reasoning?: readonly string[]
  /** Name of the model in the answer; that of the request otherwise. */
  readonly model?: string
  readonly usage?: UsagePlace
  /** Complete texts of the stream's events, in place of the built ones. */
  readonly events?: readonly string[]
  /** False: the stream ends without [DONE]. */
  readonly done?: boolean
  readonly eol?: '\n' | '\r\n' | '\r'
  /** Each event's JSON over several data lines. */
  readonly manyLines?: boolean
  /** Comment blocks between the events. */
  readonly comments?: boolean
  /** id:, retry:, empty data, bare event: what official SDKs stumble over. */
  readonly noise?: boolean
  /** Size of one more content delta, in bytes. */
  readonly hugeBytes?: number
  readonly inBand?: InBandError
  /** The n-th event (0 = first) is broken: no JSON, or JSON that stops half-way. */
  readonly malformed?: { readonly at: number; readonly how: 'text' | 'truncated' }

  /** An interim answer (1xx) before the real one. */
  readonly interim?: number
  /** Before the status line. */
  readonly headersAfter?: Wait
  /** After the status line, before the first body byte. */
  readonly firstAfter?: Wait
  /** Before each event. */
  readonly pace?: number | ((event: number) => PromiseLike<unknown> | undefined)
  /** Silence for ever after this many events. */
  readonly stallAfter?: number
  /** Written again and again in that silence. */
  readonly pings?: { readonly text: string; readonly everyMs: number }
  readonly cut?: { readonly events?: number; readonly bytes?: number; readonly how: Cut }
  /** Body offsets at which it is cut into segments: each its own HTTP chunk and its own TCP segment. */
  readonly split?: readonly number[] | 'every'
  /** The connection breaks in place of any answer. */
  readonly drop?: 'reset' | 'fin'
  /** What happens to the idle connection after a complete answer. */
  readonly afterwards?: 'keep' | 'fin' | 'reset'
  /** A body without length and without chunks: the end of the connection is its end. */
  readonly untilClose?: boolean
}

/** The traits of the whole server. */
export interface FaultOptions {
  readonly models?: readonly string[]
  /** The plan of every request that nothing else decides. */
  readonly plan?: Plan
  /** Plans by the name of the requested model. */
  readonly byModel?: Readonly<Record<string, Plan>>
  /** Looked at first; undefined = look further. */
  readonly rule?: (request: RecordedRequest) => Plan | undefined
  /** Required bearer key. */
  readonly key?: string
  /** 400 on any top-level field that OpenAI's reference does not have. */
  readonly strict?: boolean
  /** 400 `extra_forbidden` on `stream_options`, as old engines do. */
  readonly refusesStreamOptions?: boolean
  /** How long a connection may be idle before it is closed, drawn for each silence; for ever where it is absent. */
  readonly idleMs?: () => number
  /** For what is no inference, looked at first; undefined = look further. */
  readonly probe?: (request: RecordedRequest) => Plan | undefined
  /** In place of the list of models. */
  readonly modelsPlan?: Plan
}

/** Fails every n-th request (1 = all), starting with the n-th. */
export function flaky(n: number, fault: Plan): (request: RecordedRequest) => Plan | undefined {
  return (request) => (request.number % n === 0 ? fault : undefined)
}

/** A plan for an error status with OpenAI's envelope. */
export function failing(
  status: number,
  details: { message?: string; code?: string | number | null; type?: string; headers?: Record<string, string> } = {},
): Plan {
  const {
    message = `injected ${status}`,
    code = null,
    type = status < 500 ? 'invalid_request_error' : 'server_error',
  } = details
  return { status, headers: details.headers ?? {}, body: { error: { message, type, param: null, code } } }
}
