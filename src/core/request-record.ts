/**
 * A finished request as plain data. The log, the ledger, metrics, traces, sessions, budgets and the explanation read nothing else.
 * It survives JSON and structuredClone unchanged and holds no body, no text of a prompt or an answer, no secret and no live object,
 * so it can be sent to another process. Times are milliseconds (`..Ms`, durations) or epoch milliseconds (`..At`), money is integer
 * nano-dollars, tokens and bytes are counts. `null` means unknown or none, never zero.
 */
import type { ErrorCode, ErrorSource } from './errors.ts'
import type { DecisionRows } from './decision-rows.ts'
import type { Hinted } from './hints.ts'
import type { Expected, ExpectedBaseline } from './record.ts'
import type { Effort, TaskClass } from './capabilities.ts'
import type { Sampling } from './prompt.ts'
import type { Cost, Judgement, Subject, Total, Usage, Waste } from './settlement.ts'
import type { Trace } from './types.ts'
import type { Trial } from './trial.ts'

/**
 * What a request was, what was decided about it, what it took and how it ended. `Subject`: what it counts against; `Total`: what all
 * attempts took together. `S`: whether the answer was useful, null only while its content is still to be checked.
 */
export interface RequestRecord<S extends boolean | null = boolean> extends Subject, Total {
  /** Chosen by the caller where it sent one, so two requests may have the same one. */
  readonly id: string
  /** `id` and `path` of its row in core/endpoints.ts. */
  readonly endpoint: string
  readonly path: string
  /** `model` of the request: `unknown` where it leads nowhere, a digest where it is no plain name. */
  readonly requestedModel: string
  readonly stream: boolean
  /** Of the key. */
  readonly labels: Readonly<Record<string, string>>
  /** Null where nothing is traced. */
  readonly trace: Trace | null
  /** Null where no trace wants it. */
  readonly sampling: Sampling | null
  /** The caller asked to see the decision. */
  readonly explained: boolean
  /** The caller's SDK repeats a request that had failed. */
  readonly repeated: boolean
  /** Null where it has no messages. */
  readonly step: StepHashes | null
  /** What it says of an answer that its caller was given before; null: nothing. */
  readonly hinted: Hinted | null

  /** There were candidates to call; false: it was refused before any call. */
  readonly planned: boolean
  /** Null where nothing was decided. */
  readonly strategy: string | null
  readonly class: TaskClass | null
  /** Another candidate than the best was tried first, to learn of it; null where nothing was decided. */
  readonly explored: boolean | null
  /** What was measured of it, and what it went without for that. */
  readonly trials: readonly Trial[]
  /** Names the conversation; null = the request is part of none. */
  readonly affinity: string | null
  /** What a budget lowered the limit of output tokens to; null = none did. */
  readonly maxTokens: number | null
  /** Null where the route has none, or it is not there. */
  readonly baseline: ExpectedBaseline | null
  /** Names and numbers: `decisionRecordOf` writes it out. Null where nothing was decided, or no observer reads it. */
  readonly decision: DecisionRows | null

  /** In the order of their start. */
  readonly attempts: readonly AttemptRecord[]
  /** How many attempts there were. */
  readonly calls: number
  /** A backend's answer had begun, whatever became of it. */
  readonly answered: boolean
  /** Of the last attempt that answered, else of the last attempt; null where there was none. */
  readonly backend: string | null
  readonly model: string | null
  readonly effort: Effort | null
  /** Of the first attempt that answered, from its start; null where the answer was no stream. */
  readonly ttftMs: number | null
  /** From the start of the request to its end. */
  readonly totalMs: number
  /** From the first frame in hand to the end; null where there was none. */
  readonly streamMs: number | null
  /** That it waited in the queues of backends with limits of their own; 0: it did not. */
  readonly queueMs: number
  /** Before the first call, without what it waited in queues, and from the first frame in hand until it was sent. */
  readonly overheadMs: number
  readonly endedAt: number
  /** Finish reason of the answer, normalised; null where none came. */
  readonly finish: string | null
  readonly success: S
  /** 0..1, of the answer; null where its ending says nothing about how good the model is. */
  readonly score: number | null
  /** Why it was of no use, or not checked; null for a useful answer that was judged. */
  readonly why: Judgement['why']
  /** HTTP status that the caller saw; 499 where it left first. */
  readonly status: number
  readonly error: ErrorCode | null
  /** Null where there was no error. */
  readonly failure: Failure | null
  /** Bytes of bodies and events sent to the caller. */
  readonly bytesOut: number
}

/** One call of one backend, finished. */
export interface AttemptRecord {
  readonly backend: string
  readonly model: string
  readonly effort: Effort | null
  /** Wire format in which it was asked; null: an older version wrote it. */
  readonly format: string | null
  /** What the request said and this format could not, by name. */
  readonly lossy: readonly string[]
  /** HTTP status of the backend; null = none came. */
  readonly status: number | null
  readonly error: ErrorCode | null
  /** The caller's answer came from this call, or a part of it. Several calls may have answered, and later ones may have failed. */
  readonly answered: boolean
  /** Of a stream, from the start of the call; a whole answer has no first token that could be seen. */
  readonly ttftMs: number | null
  /** From the start of the request to that of the call. */
  readonly startedMs: number
  readonly totalMs: number
  /** The model, or a dated version of it, as the engine names it; `other` for any other name; null where it named none. */
  readonly answeredAs: string | null
  /** Events of the stream with a part of the answer; 0 where there was no stream. */
  readonly chunks: number
  /** Null where the backend did no work that is known of. */
  readonly usage: Usage | null
  readonly cost: Cost | null
  readonly waste: Waste | null
  /** What the decision expected; null where the call did not answer, or nothing was expected of it. */
  readonly expected: Expected | null
}

/** What is known of an error that a log may say. */
export interface Failure {
  readonly source: ErrorSource
  /** HTTP status of the backend; null = none came. */
  readonly upstreamStatus: number | null
  /** The backend's own code where it is a word of its API, else `other`; null = it gave none. */
  readonly upstreamCode: string | null
  /** Characters of the message, which only the caller gets: engines quote the prompt in theirs. */
  readonly messageChars: number
  /** A code of the system, or the type of an exception and where it was thrown; null = there is none. */
  readonly cause: string | null
}

/** By these a session sees that its agent goes in circles. 32-bit hashes: no text can be read back from them. */
export interface StepHashes {
  /** Of the last message, with the one before it where it is short, and with its tool calls where it is a result. */
  readonly step: number
  /** Of the last message of a user; null where there is none near the end. */
  readonly question: number | null
  /** Of the tool calls whose results are sent; 0 = there are none. */
  readonly calls: number
  /** Of the id of the first of these calls and the number of messages: equal where one request is sent twice. */
  readonly place: number
}

/** Sees each finished request once: metrics, log, ledger, sessions, traces. It must neither block nor throw. */
export interface RequestObserver {
  /** Of which requests it reads `decision`; the record is made without it where no observer does. */
  readonly readsDecisions: DecisionReads
  onCompleted(record: RequestRecord): void
}

export type DecisionReads = 'all' | 'failed' | 'none'

/** The first call that answered: what the caller saw first came from it. */
export function firstAnswer({ attempts }: Pick<RequestRecord, 'attempts'>): AttemptRecord | null {
  for (const attempt of attempts) if (attempt.answered) return attempt
  return null
}

/** The last call that answered: how the answer ended is how this call ended. */
export function lastAnswer<A extends Pick<AttemptRecord, 'answered'>>({
  attempts,
}: {
  readonly attempts: readonly A[]
}): A | null {
  for (let index = attempts.length - 1; index >= 0; index--) if (attempts[index]!.answered) return attempts[index]!
  return null
}

/** The call that the whole answer came from; null where there was none, or several calls answered a part of it each. */
export function soleAnswer(record: Pick<RequestRecord, 'attempts'>): AttemptRecord | null {
  const first = firstAnswer(record)
  return first === lastAnswer(record) ? first : null
}
