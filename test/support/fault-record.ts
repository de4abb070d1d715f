import type { Plan } from './fault-plan.ts'

/** How the other side closed before its answer was complete. */
export interface Closed {
  /** performance.now() */
  readonly at: number
  readonly by: 'fin' | 'reset'
}

/** One request as the upstream saw it, with what happened to it since. Promises that never come true stay pending. */
export interface RecordedRequest {
  /** 1 for the first inference request. 0 for all others (model lists, health). */
  readonly number: number
  readonly method: string
  readonly path: string
  readonly rawHeaders: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  /** The parsed body; undefined where it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
  /** 1 for the server's first connection. */
  readonly socket: number
  /** The connection has carried a request before. */
  readonly reused: boolean
  readonly at: number
  /** Top-level fields that OpenAI's reference does not have. */
  readonly unknown: readonly string[]
  /** How it was answered. */
  plan: Plan
  /** Events handed to the socket so far; with back-pressure it stops growing. */
  sent: number
  /** The other side closed the connection before the answer was complete. */
  readonly closed: Promise<Closed>
  /** Everything was sent, or the planned cut was made. */
  readonly finished: Promise<void>
  /** The status line has been handed to the socket. */
  readonly started: Promise<void>
}

/** The same, with the handles that the server pulls. */
export interface LiveRequest extends RecordedRequest {
  readonly resolveClosed: (closed: Closed) => void
  readonly resolveFinished: () => void
  readonly resolveStarted: () => void
  over: boolean
}

/** Completes a record with its promises. */
export function liveRequest(
  facts: Omit<RecordedRequest, 'closed' | 'finished' | 'started' | 'plan' | 'sent'>,
): LiveRequest {
  const closed = deferred<Closed>()
  const finished = deferred<undefined>()
  const started = deferred<undefined>()
  return {
    ...facts,
    plan: {},
    sent: 0,
    over: false,
    closed: closed.promise,
    finished: finished.promise,
    started: started.promise,
    resolveClosed: closed.resolve,
    resolveFinished: () => finished.resolve(undefined),
    resolveStarted: () => started.resolve(undefined),
  }
}

/** A promise and the function that fulfils it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}
