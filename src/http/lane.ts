/**
 * The way in of inference: POSTs on the paths of the table are taken before Fastify's router and hooks, which would cost as much as
 * choosing a backend. They are asked what everybody is asked (admission/), and refused as everybody is.
 */
import { EndpointPaths } from './endpoint-paths.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Endpoint } from '../core/endpoints.ts'
import { type GatewayError, toGatewayError } from '../core/errors.ts'
import type { GatewayRequest, RequestProfile, Trace } from '../core/types.ts'
import { workOut } from '../decision/classify/profile.ts'
import { answer, type Stages } from '../pipeline.ts'
import type { Admission } from './admission/admission.ts'
import { principalOf } from './admission/auth.ts'
import { addRequestLimit, addTokenLimit } from './admission/request-limit.ts'
import { Arrival, requestId } from './arrival.ts'
import { AtOnce } from '../core/at-once.ts'
import { refuse } from './error-answer.ts'
import { anyRequest } from './gateway-request.ts'
import { canonicalUrl, pathOf } from './paths.ts'
import { loadedAnswer } from './nothing-to-load.ts'
import { answerPlainly, type PlainTools } from './plain-answers.ts'

/** Says where a request stands in a trace, by its headers. */
export type BeginTrace = (headers: GatewayRequest['headers']) => Trace

export interface LaneTools {
  readonly stages: Stages
  readonly admission: Admission
  readonly plain: PlainTools
  /** Null: nothing is traced. */
  readonly beginTrace: BeginTrace | null
}

/** A request that is here to its last byte. */
interface Whole {
  readonly arrival: Arrival
  readonly endpoint: Endpoint
  readonly raw: Buffer
  /** Clock reading, ms. */
  readonly since: number
}

/** One that is understood. */
interface Asking {
  readonly whole: Whole
  readonly request: GatewayRequest
  readonly profile: RequestProfile
}

export class InferenceLane {
  readonly #endpoints: EndpointPaths
  readonly #tools: LaneTools
  readonly #whole = new AtOnce<Whole>((all) => this.#serve(all))

  /** `endpoints`: those that the pipeline serves. */
  constructor(endpoints: readonly Endpoint[], tools: LaneTools) {
    this.#endpoints = new EndpointPaths(endpoints)
    this.#tools = tools
  }

  /** False where it is for somebody else, and nothing has been done with it. */
  takes(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '/' } = request
    if (method !== 'POST') return false
    const endpoint = this.#endpoints.at(pathOf(canonicalUrl(url)))
    if (endpoint === null) return false
    const arrival = new Arrival(request, response, url, requestId(request), this.#tools.stages.now())
    this.#attempt({ arrival, endpoint }, () => this.#admit(arrival, endpoint))
    return true
  }

  #admit(arrival: Arrival, endpoint: Endpoint): void {
    const { admission } = this.#tools
    const refused = admission.enter(arrival) ?? admission.expect(arrival) ?? admission.admit(arrival, true)
    const read = (told: GatewayError | null): void => this.#read(arrival, endpoint, told)
    // With limits that several gateways share, it is Redis that says so.
    if (refused instanceof Promise) void refused.then((told) => this.#attempt({ arrival, endpoint }, () => read(told)))
    else read(refused)
  }

  #read(arrival: Arrival, endpoint: Endpoint, refused: GatewayError | null): void {
    const { admission } = this.#tools
    const unread = refused ?? admission.welcome(arrival)
    if (unread !== null) return this.#refuse(arrival, endpoint, unread)
    admission.read(arrival, (body) => {
      if (!Buffer.isBuffer(body)) return this.#refuse(arrival, endpoint, body)
      const since = this.#tools.stages.now()
      // From here on it is noticed when it leaves.
      this.#tools.plain.connections.watch(arrival, since)
      this.#whole.add({ arrival, endpoint, raw: body, since })
    })
  }

  /** What they ask, then what they are about, then who answers: a step that is done for several in a row costs half as much for each. */
  #serve(all: readonly Whole[]): void {
    const { classify } = this.#tools.stages
    const asking: Asking[] = []
    for (const whole of all)
      this.#attempt(whole, () => {
        const request = this.#understand(whole)
        if (request instanceof Promise) this.#later(whole, request)
        else asking.push({ whole, request, profile: classify(request) })
      })
    // One alone is sent first, where nobody needs to know.
    const alone = asking.length === 1
    const ready = asking.filter(({ whole, profile }) => alone || this.#attempt(whole, () => workOut(profile)))
    for (const one of ready) this.#attempt(one.whole, () => this.#answer(one))
  }

  /** A fault of one request is none of the others in its turn, and none of the process; false where the request has ended with it. */
  #attempt({ arrival, endpoint }: Pick<Whole, 'arrival' | 'endpoint'>, step: () => unknown): boolean {
    try {
      step()
      return true
    } catch (thrown) {
      this.#refuse(arrival, endpoint, toGatewayError(thrown))
      return false
    }
  }

  #understand({ arrival, endpoint, raw, since }: Whole): GatewayRequest | Promise<GatewayRequest> {
    const { stages, beginTrace } = this.#tools
    const { id, request, target } = arrival
    const { headers } = request
    const url = canonicalUrl(target)
    const incoming = { id, url, raw, headers, principal: principalOf(arrival), trace: beginTrace?.(headers) ?? null }
    return anyRequest(endpoint, incoming, since, stages.formats, stages.answers)
  }

  /** A large one is read in slices. */
  #later(whole: Whole, reading: Promise<GatewayRequest>): void {
    const { classify } = this.#tools.stages
    reading
      .then((request) => this.#answer({ whole, request, profile: classify(request) }))
      .catch((thrown: unknown) => this.#refuse(whole.arrival, whole.endpoint, toGatewayError(thrown)))
  }

  #answer({ whole: { arrival }, request, profile }: Asking): void {
    const { stages, plain } = this.#tools
    const loaded = loadedAnswer(request, stages)
    if (loaded !== null) return answerPlainly(arrival, request.endpoint.id, loaded, plain)
    const caller = plain.connections.watch(arrival, request.startedAt)
    const { id, budgets } = request.principal
    const tokens = budgets.length === 0 ? null : stages.limiter.tokensLeft(id, budgets)
    // One list, which all that the answer says of itself is added to.
    const headers: string[] = []
    if (arrival.corsHeaders !== null) headers.push(...arrival.corsHeaders)
    addRequestLimit(headers, arrival)
    if (tokens !== null) addTokenLimit(headers, tokens)
    const work = answer(request, profile, caller, arrival.response, headers, stages)
    arrival.heldBody?.during(work)
  }

  #refuse(arrival: Arrival, endpoint: Endpoint, error: GatewayError): void {
    refuse(arrival, endpoint, error, this.#tools.stages.formats, this.#tools.plain)
  }
}
