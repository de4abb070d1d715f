/** A wire format that nobody speaks, to show that one is added by one object: everything in it is called otherwise than anywhere else. */
import { isObject } from '../../src/core/is-object.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import type { Effort } from '../../src/core/capabilities.ts'
import { CHAT, type Endpoint } from '../../src/core/endpoints.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Finish } from '../../src/core/finish.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import type {
  AnswerForm,
  CallsPrint,
  Contents,
  Prompt,
  PromptReader,
  Role,
  Sampling,
  SchemaSource,
  TemplateReader,
  WorstCase,
} from '../../src/core/prompt.ts'
import type { Usage } from '../../src/core/settlement.ts'
import type { Steps } from '../../src/core/slices.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { AnswerCollector } from '../../src/formats/answer-collector.ts'
import type { AnswerState } from '../../src/formats/answer-state.ts'
import type {
  AnswerReader,
  AnswerWriter,
  BodyVerdict,
  EventVerdict,
  Format,
  Reading,
  ReadRequest,
} from '../../src/formats/format.ts'
import type { Piece } from '../../src/formats/piece.ts'
import { encodeEvent, EVENTS, frameText, KEEP_ALIVE_EVENT, type SseFrame } from '../../src/formats/sse.ts'
import { streamHeaders } from '../../src/formats/stream-headers.ts'
import type { UpstreamFault } from '../../src/formats/upstream-fault.ts'
import { usageSoFar } from '../../src/formats/usage-so-far.ts'

export const TOY_ENDPOINT: Endpoint = { ...CHAT, path: '/v1/speak', format: 'toy' }

/** A request: whom it is for, whether the answer comes live, who said what, and so many words at most. */
export interface ToyRequest {
  readonly to: string
  readonly live?: boolean
  readonly lines: readonly (readonly [who: string, text: string])[]
  readonly longest?: number
  /** Tools by name, with the schemas of their arguments. */
  readonly kit?: Readonly<Record<string, JsonObject>>
}

/** An answer, or an event of one: the rest of it comes in others. */
export interface ToyAnswer {
  readonly by?: string
  readonly said?: string
  readonly use?: { readonly tag: string; readonly tool: string; readonly with: string }
  readonly why?: string
  /** Tokens in and out. */
  readonly spent?: readonly [number, number]
  readonly oops?: string
}

const ROLES: Readonly<Record<string, Role>> = { boss: 'system', me: 'user', you: 'assistant' }
const WHO: Readonly<Record<Role, string>> = {
  system: 'boss',
  developer: 'boss',
  user: 'me',
  assistant: 'you',
  tool: 'me',
}
const FINISHES: Readonly<Record<string, Finish>> = { enough: 'stop', full: 'length', kit: 'tool_calls' }
const WHY: Readonly<Partial<Record<Finish, string>>> = { stop: 'enough', length: 'full', tool_calls: 'kit' }
const BYE = 'bye'

const TOOL = { description: null, strict: null, free: null, cache: null }
const NO_BYTES = new Uint8Array(0)

class ToyPrompt implements Prompt {
  readonly member = 'lines'
  readonly previousAnswer = undefined
  readonly inputs = undefined
  readonly query = undefined
  readonly mustCall = false
  readonly answerForm: AnswerForm | null = null
  readonly choices = 1
  readonly prompts = 1
  readonly effort: Effort | null = null
  readonly mustThink = false
  readonly native: readonly string[] = []
  readonly wantsLogprobs = false
  readonly hasLogitBias = false
  readonly #request: ToyRequest
  readonly #bytes: number

  constructor(request: ToyRequest, bytes: number) {
    this.#request = request
    this.#bytes = bytes
  }

  get length(): number {
    return this.#request.lines.length
  }

  roleOf(at: number): Role | null {
    return ROLES[this.#request.lines[at]?.[0] ?? ''] ?? null
  }

  walk(reader: PromptReader): void {
    for (const [who, text] of this.#request.lines) {
      reader.message(ROLES[who] ?? null, false)
      reader.text(text)
    }
  }

  template(reader: TemplateReader): void {
    const tools = Object.entries(this.#request.kit ?? {}).map(([name, schema]) => ({ ...TOOL, name, schema }))
    if (tools.length > 0) reader.tools([this.#kit], () => tools)
    for (const [who, text] of this.#request.lines) {
      reader.message(ROLES[who] ?? null)
      reader.text(text, NO_BYTES)
    }
  }

  fingerprintOf(at: number): number {
    return this.#request.lines[at]?.[1].length ?? 0
  }

  lastCall(): null {
    return null
  }

  callsOf(): CallsPrint | null {
    return null
  }

  textOf(at: number): string {
    return this.#request.lines[at]?.[1] ?? ''
  }

  failedAt(): boolean {
    return false
  }

  textLengthOf(at: number): number | null {
    return this.#request.lines[at]?.[1].length ?? null
  }

  textWithin(): Json | undefined {
    return undefined
  }

  get hasTools(): boolean {
    return this.#request.kit !== undefined
  }

  get #kit(): Buffer {
    const tools = Object.entries(this.#request.kit ?? {}).map(([name, takes]) => ({ name, takes }))
    return Buffer.from(JSON.stringify(tools))
  }

  get toolBytes(): number {
    return this.#kit.length
  }

  answerSchema(): SchemaSource | null {
    return null
  }

  toolSchemas(): SchemaSource[] {
    return [{ json: this.#kit, holders: [], schema: 'takes' }]
  }

  get maxOutput(): number | null {
    return this.#request.longest ?? null
  }

  get sampling(): Sampling {
    const unsaid = {
      temperature: null,
      topP: null,
      topK: null,
      frequencyPenalty: null,
      presencePenalty: null,
      seed: null,
    }
    return { maxOutput: this.maxOutput, choices: null, ...unsaid }
  }

  worstCase(): WorstCase {
    return {
      inputTokens: this.#bytes,
      hasImages: false,
      hasSounds: false,
      keepsHour: false,
      prompts: 1,
      choices: 1,
      foreseen: 0,
      speaks: false,
      serviceTier: null,
    }
  }

  outputLimit(_dropped: readonly string[], lowered: number | null): number | null {
    const limit = Math.min(this.maxOutput ?? Infinity, lowered ?? Infinity)
    return limit === Infinity ? null : limit
  }

  parameter(): Json {
    return null
  }

  readonly sealedBy: readonly string[] = []
  readonly particular = null

  contents(): Contents {
    const { lines, kit } = this.#request
    return {
      messages: lines.map(([who, text]) => ({
        role: ROLES[who] ?? 'user',
        parts: [{ kind: 'text', text, cache: null }],
        name: null,
        result: null,
      })),
      tools: Object.entries(kit ?? {}).map(([name, schema]) => ({
        name,
        description: null,
        schema,
        strict: null,
        free: null,
        cache: null,
      })),
      toolChoice: null,
      parallelCalls: null,
      answer: null,
      sampling: this.sampling,
      stop: [],
      thinking: null,
      verbosity: null,
      user: null,
      cacheKey: null,
      serviceTier: null,
      logprobs: null,
      metadata: null,
      unsaid: [],
    }
  }
}

function read(raw: Buffer): ReadRequest {
  const body = JSON.parse(raw.toString()) as Partial<ToyRequest>
  const { to, lines } = body
  if (typeof to !== 'string') throw new GatewayError('invalid_request', '`to` must be a text.', { param: 'to' })
  if (!Array.isArray(lines)) throw new GatewayError('invalid_request', '`lines` must be a list.', { param: 'lines' })
  const names = { session: null, agent: null, user: null }
  return { model: to, stream: body.live === true, prompt: new ToyPrompt({ ...body, to, lines }, raw.length), names }
}

/** In this form, where it came in another. */
function composed(request: GatewayRequest, model: string, maxTokens: number | null): Buffer {
  const { messages, tools, sampling } = request.prompt.contents()
  const longest = request.prompt.outputLimit([], maxTokens) ?? sampling.maxOutput
  const toy: ToyRequest = {
    to: model,
    live: request.stream,
    lines: messages.map(({ role, parts }) => [
      WHO[role],
      parts.map((part) => (part.kind === 'text' ? part.text : '')).join(' '),
    ]),
    ...(longest === null ? {} : { longest }),
    ...(tools.length === 0
      ? {}
      : {
          kit: Object.fromEntries(tools.map(({ name, schema }) => [name, isObject(schema ?? undefined) ? schema : {}])),
        }),
  } as ToyRequest
  return Buffer.from(JSON.stringify(toy))
}

class ToyState implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  usageIsOld = false
  readonly cutShort = false
  charge = null
  tier = null
  finish: Finish | null = null
  finishWord: string | null = null
  model: string | null = null
  id = null
  created = null
  content = false
  unread = false
  readonly size = { events: 0, tokens: 0 }
  done = false
  refused = false
  collected: AnswerCollector | null = null
}

class ToyReader implements AnswerReader {
  readonly state = new ToyState()
  readonly expectsFinishReason = true
  readonly #inputTokens: number
  readonly #stream: boolean

  constructor({ stream }: GatewayRequest, { inputTokens, checks }: Reading) {
    this.#inputTokens = inputTokens
    this.#stream = stream
    this.state.collected = checks && new AnswerCollector(checks)
  }

  headers(): void {
    // It says nothing there.
  }

  event(frame: SseFrame): EventVerdict {
    if (frame.data === null) return { kind: 'send', raw: frame.raw }
    if (frame.data === BYE) {
      this.state.done = true
      return { kind: 'done' }
    }
    const answer = parsed(frameText(frame))
    if (answer === null) return { kind: 'garbage' }
    if (answer.oops !== undefined) return { kind: 'fault', fault: faultOf(answer.oops) }
    this.#note(answer)
    return { kind: 'send', raw: frame.raw }
  }

  #note({ by, said, use, why, spent }: ToyAnswer): void {
    const { state } = this
    state.size.events++
    if (by !== undefined) state.model = by
    if (said !== undefined && said !== '') state.content = true
    if (said !== undefined) state.collected?.addText(said)
    if (use !== undefined) state.content = true
    if (use !== undefined) state.collected?.addCall(0, use.tool, use.with, false)
    if (spent !== undefined) state.reported = { ...NO_TOKENS, input: spent[0], output: spent[1] }
    if (why === undefined) return
    state.finishWord = why
    state.finish = FINISHES[why] ?? 'unknown'
  }

  get begun(): boolean {
    return this.state.content || this.finished
  }

  get finished(): boolean {
    return this.state.finish !== null
  }

  get torn(): boolean {
    return !this.finished
  }

  brings(frame: SseFrame): boolean {
    return frame.data !== null && frame.data !== BYE
  }

  isWhole(frame: SseFrame): boolean {
    return frame.data === null || frame.data === BYE || parsed(frameText(frame)) !== null
  }

  body(body: Buffer): BodyVerdict {
    const answer = parsed(body.toString())
    if (answer === null) return 'garbage'
    if (answer.oops !== undefined) return faultOf(answer.oops)
    if (!this.#stream) this.#note(answer)
    return null
  }

  *bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    return this.body(body)
  }

  asEvents(body: Buffer): Buffer | null {
    return Buffer.concat([encodeEvent(body.toString()), TOY.caller.stream.end])
  }

  finishedBody(body: Buffer): Buffer {
    return body
  }

  needsRewrite(): boolean {
    return false
  }

  pieceRecoder(): null {
    return null
  }

  complete(): Buffer | null {
    this.state.settled = usageSoFar(this.state, this.#inputTokens, true)
    return null
  }

  failed(): null {
    return null
  }

  pieces(bytes: Buffer): readonly Piece[] {
    const { said, use, why } = parsed(bytes.toString().replace(/^data: /, '')) ?? {}
    const text: Piece[] = said === undefined ? [] : [{ kind: 'text', choice: 0, text: said }]
    const call: Piece[] =
      use === undefined
        ? []
        : [
            {
              kind: 'call',
              choice: 0,
              slot: 0,
              begins: { id: use.tag, name: use.tool, free: false },
              arguments: use.with,
            },
          ]
    const end: Piece[] =
      why === undefined ? [] : [{ kind: 'end', choice: 0, finish: FINISHES[why] ?? 'unknown', stop: null }]
    return [...text, ...call, ...end]
  }
}

class ToyWriter implements AnswerWriter {
  /** The call that is being written: toys get it whole. */
  #call: { tag: string; tool: string; with: string } | null = null

  events(pieces: readonly Piece[]): Buffer | null {
    const events = this.#answers(pieces).map((answer) => encodeEvent(JSON.stringify(answer)))
    return events.length === 0 ? null : Buffer.concat(events)
  }

  #answers(pieces: readonly Piece[]): ToyAnswer[] {
    const answers: ToyAnswer[] = []
    for (const piece of pieces) {
      if (piece.kind === 'text') answers.push({ said: piece.text })
      if (piece.kind === 'call' && piece.begins !== null)
        this.#call = { tag: piece.begins.id, tool: piece.begins.name, with: '' }
      if (piece.kind === 'call' && this.#call !== null) this.#call.with += piece.arguments
      if (piece.kind === 'end') {
        if (this.#call !== null) answers.push({ use: this.#call })
        answers.push({ why: WHY[piece.finish] ?? 'enough' })
      }
    }
    return answers
  }

  last({ model, settled, reported }: AnswerState): Buffer | null {
    const usage = settled ?? reported
    return encodeEvent(JSON.stringify({ by: model, spent: [usage?.input, usage?.output] }))
  }

  failed(): null {
    return null
  }

  body(pieces: readonly Piece[], { model, settled, reported }: AnswerState): Buffer {
    const usage = settled ?? reported
    const answer: ToyAnswer = Object.assign({}, ...this.#answers(pieces))
    return Buffer.from(JSON.stringify({ by: model, ...answer, spent: [usage?.input, usage?.output] }))
  }
}

function parsed(text: string): ToyAnswer | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const faultOf = (message: string): UpstreamFault => ({ message, code: null, type: null, param: null, status: null })

export const TOY: Format = {
  name: 'toy',
  caller: {
    read,

    *readInSteps(raw) {
      return read(raw)
    },
    errorBody: ({ message, code }) => ({ oops: message, sort: code }),
    stream: {
      headers: streamHeaders('text/event-stream; charset=utf-8'),
      comment: KEEP_ALIVE_EVENT,
      end: encodeEvent(BYE),
      failed: (body) => Buffer.concat([encodeEvent(JSON.stringify(body)), encodeEvent(BYE)]),
    },
    withRecord: (body, record) => Buffer.from(JSON.stringify({ ...parsed(body.toString()), record })),
    recordEvent: (_request, _state, _nowMs, record) => encodeEvent(JSON.stringify({ record })),
    modelEntry: (name) => ({ name }),
    modelList: (entries) => ({ entries }),
    modelAlias: null,
    answerHeaders: null,
    writer: () => new ToyWriter(),
  },
  backend: {
    framing: EVENTS,

    *compose(request, { model }, { maxTokens }) {
      const isOwn = request.prompt instanceof ToyPrompt && request.model === model && maxTokens === null
      return [isOwn ? request.raw : composed(request, model, maxTokens)]
    },
    adaptation: () => null,
    asksUsage: () => false,
    refusesUsage: () => false,
    reader: (request, how) => new ToyReader(request, how),
    readFault: (body) => faultOf(parsed(body)?.oops ?? body),
  },
}
