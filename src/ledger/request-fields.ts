/**
 * A finished request <-> the fields of its rows. Of what follows from its attempts nothing is written: what they took together,
 * and which of them answered. What is written and what is read stand side by side, and change together with VERSION.
 */
import type { Effort } from '../core/capabilities.ts'
import type { Hint, Hinted } from '../core/hints.ts'
import { lastAnswer, type RequestRecord } from '../core/request-record.ts'
import type { Cost, Tokens, Waste } from '../core/settlement.ts'
import { NO_COUNTS, TOKEN_KINDS, type TokenKind, TOKENS } from '../core/tokens.ts'
import { totalOf } from '../core/total.ts'
import { NO_TRIALS, type Trial } from '../core/trial.ts'
import { type BlockColumn, readDecision, writeDecision } from './decision-fields.ts'
import type { FieldReader } from './field-reader.ts'
import type { FieldWriter } from './field-writer.ts'
import { isNoted, LONGEST_NAME } from './row.ts'
import type { WrittenAttempt, WrittenRequest } from './written-request.ts'

const STREAM = 1
const SUCCESS = 2
const LABELS = 4
const DECISION = 8
/** It waited in a queue; since version 3. */
const QUEUED = 16
/** Something was measured of it; since version 4. */
const TRIALS = 32
/** It said something of an answer before it; since version 5. */
const HINTED = 64

/** `startedAt`: no request of the block had ended before; epoch ms. `decision`: whether it is written. */
export function writeRequest(out: FieldWriter, record: WrittenRequest, startedAt: number, decision: boolean): void {
  const { labels, attempts, trials, hinted } = record
  const decided = decision ? record.decision : null
  const labelled = hasMembers(labels)
  out.count(
    (record.stream ? STREAM : 0) |
      (record.success ? SUCCESS : 0) |
      (labelled ? LABELS : 0) |
      (decided !== null ? DECISION : 0) |
      (isNoted(record.queueMs) ? QUEUED : 0) |
      (trials.length > 0 ? TRIALS : 0) |
      (hinted !== null ? HINTED : 0),
  )
  out.count(record.endedAt - startedAt)
  out.text(shortened(record.id))
  out.name(record.key)
  out.name(record.team)
  out.text(shortened(record.user))
  out.text(shortened(record.session))
  out.name(shortened(record.agent))
  out.name(record.route)
  out.name(record.endpoint)
  out.name(record.requestedModel)
  if (labelled) writeLabels(out, labels)
  out.number(record.maxTokens)
  out.number(record.status)
  out.name(record.error)
  out.name(record.finish)
  out.name(record.why)
  out.number(record.score)
  writeMs(out, record.ttftMs)
  writeMs(out, record.totalMs)
  writeMs(out, record.overheadMs)
  if (isNoted(record.queueMs)) writeMs(out, record.queueMs)
  if (trials.length > 0) writeTrials(out, record)
  if (hinted !== null) writeHint(out, hinted)
  out.count(attempts.length)
  for (const attempt of attempts) writeAttempt(out, attempt)
  if (decided === null) return
  const start = out.begin()
  writeDecision(out, decided, record.id)
  out.close(start)
}

/** `columns`: of its decision; null where that is not wanted. */
export function readRequest(
  from: FieldReader,
  startedAt: number,
  columns: readonly BlockColumn[] | null,
): WrittenRequest {
  const flags = from.count()
  const endedAt = startedAt + from.count()
  const id = from.text() ?? ''
  const key = from.name() ?? ''
  const team = from.name()
  const user = from.text()
  const session = from.text()
  const agent = from.name()
  const route = from.name()
  const endpoint = from.name() ?? ''
  const requestedModel = from.name() ?? ''
  const labels = (flags & LABELS) === 0 ? {} : readLabels(from)
  const maxTokens = from.number()
  const status = from.number() ?? 0
  const error = from.name() as RequestRecord['error']
  const finish = from.name()
  const why = from.name() as RequestRecord['why']
  const score = from.number()
  const ttftMs = readMs(from)
  const totalMs = readMs(from) ?? 0
  const overheadMs = readMs(from) ?? 0
  const queueMs = (flags & QUEUED) === 0 ? 0 : (readMs(from) ?? 0)
  const measured = (flags & TRIALS) !== 0
  const trials = measured ? readTrials(from) : NO_TRIALS
  const affinity = measured ? from.text() : null
  const hinted = (flags & HINTED) === 0 ? null : readHint(from)
  const attempts: WrittenAttempt[] = []
  for (let rest = from.count(); rest > 0; rest--) attempts.push(readAttempt(from))
  const { backend, model, effort } = lastAnswer({ attempts }) ?? attempts.at(-1) ?? NOWHERE
  const { tokens, cost, partial, waste } = totalOf(attempts)
  let decision: WrittenRequest['decision'] = null
  if ((flags & DECISION) !== 0) {
    from.part(columns !== null)
    if (columns !== null) decision = readDecision(from, columns, id, trials)
  }
  // One literal: put together of several, the object is slow to make and to read.
  return {
    id,
    key,
    team,
    user,
    session,
    agent,
    route,
    endpoint,
    requestedModel,
    stream: (flags & STREAM) !== 0,
    labels,
    maxTokens,
    trials,
    affinity,
    hinted,
    decision,
    attempts,
    calls: attempts.length,
    backend,
    model,
    effort,
    tokens,
    cost,
    partial,
    waste,
    ttftMs,
    totalMs,
    queueMs,
    overheadMs,
    endedAt,
    finish,
    success: (flags & SUCCESS) !== 0,
    score,
    why,
    status,
    error,
  }
}

const NOWHERE = { backend: null, model: null, effort: null }

const NOTHING: readonly string[] = []

const ANSWERED = 1
const USAGE = 2
const USAGE_ESTIMATED = 4
const COST = 8
const COST_ESTIMATED = 16
const WASTE = 32
const FORMAT = 64
const LOSSY = 128

function writeAttempt(out: FieldWriter, attempt: WrittenAttempt): void {
  const { usage, cost, waste } = attempt
  out.count(
    (attempt.answered ? ANSWERED : 0) |
      (usage !== null ? USAGE : 0) |
      (usage?.estimated === true ? USAGE_ESTIMATED : 0) |
      (cost !== null ? COST : 0) |
      (cost?.estimated === true ? COST_ESTIMATED : 0) |
      (waste !== null ? WASTE : 0) |
      (attempt.format !== null ? FORMAT : 0) |
      (attempt.lossy.length > 0 ? LOSSY : 0),
  )
  out.name(attempt.backend)
  out.name(attempt.model)
  out.name(attempt.effort)
  out.number(attempt.status)
  out.name(attempt.error)
  writeMs(out, attempt.ttftMs)
  writeMs(out, attempt.totalMs)
  if (usage !== null) writeTokens(out, usage)
  if (cost !== null) {
    out.number(cost.nanoUsd)
    out.name(cost.source)
  }
  if (waste !== null) {
    out.name(waste.reason)
    out.number(waste.tokens)
  }
  if (attempt.format !== null) out.name(attempt.format)
  if (attempt.lossy.length === 0) return
  out.count(attempt.lossy.length)
  for (const name of attempt.lossy) out.name(name)
}

function readAttempt(from: FieldReader): WrittenAttempt {
  const flags = from.count()
  const has = (flag: number): boolean => (flags & flag) !== 0
  return {
    answered: has(ANSWERED),
    backend: from.name() ?? '',
    model: from.name() ?? '',
    effort: from.name() as Effort | null,
    status: from.number(),
    error: from.name() as WrittenAttempt['error'],
    ttftMs: readMs(from),
    totalMs: readMs(from) ?? 0,
    usage: has(USAGE) ? readTokens(from, has(USAGE_ESTIMATED)) : null,
    cost: has(COST) ? readCost(from, has(COST_ESTIMATED)) : null,
    waste: has(WASTE) ? readWaste(from) : null,
    // Of an older version there is nothing.
    format: has(FORMAT) ? from.name() : null,
    lossy: has(LOSSY) ? Array.from({ length: from.count() }, () => from.name() ?? '') : NOTHING,
  }
}

/** By their names: a file may be read by a version that knows other kinds. */
function writeTokens(out: FieldWriter, tokens: Tokens): void {
  for (const kind of TOKEN_KINDS)
    if (tokens[kind] !== 0) {
      out.name(TOKENS[kind].name)
      out.number(tokens[kind])
    }
  out.name(null)
}

function readTokens(from: FieldReader, estimated: boolean): Tokens {
  const tokens = { ...NO_COUNTS, estimated }
  for (let name = from.name(); name !== null; name = from.name()) {
    const count = from.number() ?? 0
    const kind = KINDS_BY_NAME.get(name)
    if (kind !== undefined) tokens[kind] = count
  }
  return tokens
}

const KINDS_BY_NAME: ReadonlyMap<string, TokenKind> = new Map(TOKEN_KINDS.map((kind) => [TOKENS[kind].name, kind]))

const readCost = (from: FieldReader, estimated: boolean): Cost => ({
  nanoUsd: from.number() ?? 0,
  source: from.name() as Cost['source'],
  estimated,
})

const readWaste = (from: FieldReader): Waste => ({
  reason: from.name() as Waste['reason'],
  tokens: from.number() ?? 0,
})

function writeTrials(out: FieldWriter, { trials, affinity }: WrittenRequest): void {
  out.count(trials.length)
  for (const { feature, control, share } of trials) {
    out.name(feature)
    out.count(control ? 1 : 0)
    out.number(share)
  }
  out.text(shortened(affinity))
}

const readTrials = (from: FieldReader): readonly Trial[] =>
  Array.from({ length: from.count() }, () => ({
    feature: from.name() as Trial['feature'],
    control: from.count() > 0,
    share: from.number() ?? 0,
  }))

function writeHint(out: FieldWriter, { hint, about, backend, model }: Hinted): void {
  out.name(hint)
  out.text(shortened(about))
  out.name(backend)
  out.name(model)
}

const readHint = (from: FieldReader): Hinted => ({
  hint: from.name() as Hint,
  about: from.text() ?? '',
  backend: from.name() ?? '',
  model: from.name() ?? '',
})

function writeLabels(out: FieldWriter, labels: RequestRecord['labels']): void {
  const names = Object.keys(labels)
  out.count(names.length)
  for (const name of names) {
    out.name(name)
    out.name(labels[name]!)
  }
}

const readLabels = (from: FieldReader): RequestRecord['labels'] =>
  Object.fromEntries(Array.from({ length: from.count() }, () => [from.name() ?? '', from.name() ?? '']))

function hasMembers(labels: RequestRecord['labels']): boolean {
  for (const name in labels) if (labels[name] !== undefined) return true
  return false
}

/** Rows have tenths of them. */
const writeMs = (out: FieldWriter, ms: number | null): void => out.number(ms === null ? null : Math.round(ms * 10))

function readMs(from: FieldReader): number | null {
  const tenths = from.number()
  return tenths === null ? null : tenths / 10
}

const shortened = <T extends string | null>(text: T): T | string =>
  text !== null && text.length > LONGEST_NAME ? text.slice(0, LONGEST_NAME) : text
