/**
 * The way in of inference: POSTs on the paths of the table are taken before Fastify's router and hooks, which would cost as much as
 * choosing a backend. They are asked what everybody is asked (admission/), and refused as everybody is.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Endpoint } from '../core/endpoints.ts'
import { type GatewayError, toGatewayError } from '../core/errors.ts'
import type { GatewayRequest, Trace } from '../core/types.ts'
import { answer, type Stages } from '../pipeline.ts'
import type { Admission } from './admission/admission.ts'
import { principalOf } from './admission/auth.ts'
import { limitHeadersOf } from './admission/request-limit.ts'
import { Arrival, requestId } from './arrival.ts'
import { refuse } from './error-answer.ts'
import { anyRequest } from './gateway-request.ts'
import { canonicalUrl, pathOf } from './paths.ts'
import type { PlainTools } from './plain-answers.ts'

/** Says where a request stands in a trace, by its headers. */
export type BeginTrace = (headers: GatewayRequest['headers']) => Trace

export interface LaneTools {
  readonly stages: Stages
  readonly admission: Admission
  readonly plain: PlainTools
  /** Null: nothing is traced. */
  readonly beginTrace: BeginTrace | null
}

export class InferenceLane {
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #tools: LaneTools

  /** `endpoints`: those that the pipeline serves; their paths have no wildcards. */
  constructor(endpoints: readonly Endpoint[], tools: LaneTools) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
    this.#tools = tools
  }

  /** False where it is for somebody else, and nothing has been done with it. */
  takes(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '/' } = request
    if (method !== 'POST') return false
    const endpoint = this.#endpoints.get(pathOf(canonicalUrl(url)))
    if (endpoint === undefined) return false
    this.#admit(new Arrival(request, response, url, requestId(request), this.#tools.stages.now()), endpoint)
    return true
  }

  #admit(arrival: Arrival, endpoint: Endpoint): void {
    const { admission } = this.#tools
    const refused = admission.enter(arrival) ?? admission.expect(arrival) ?? admission.admit(arrival, true)
    // With limits that several gateways share, it is Redis that says so.
    if (refused instanceof Promise) void refused.then((told) => this.#read(arrival, endpoint, told))
    else this.#read(arrival, endpoint, refused)
  }

  #read(arrival: Arrival, endpoint: Endpoint, refused: GatewayError | null): void {
    const { admission } = this.#tools
    const unread = refused ?? admission.welcome(arrival)
    if (unread !== null) return this.#refuse(arrival, endpoint, unread)
    admission.read(arrival, (body) => {
      if (Buffer.isBuffer(body)) this.#understand(arrival, endpoint, body)
      else this.#refuse(arrival, endpoint, body)
    })
  }

  #understand(arrival: Arrival, endpoint: Endpoint, raw: Buffer): void {
    const { stages, beginTrace } = this.#tools
    const { id, request } = arrival
    const { headers } = request
    const trace = beginTrace?.(headers) ?? null
    try {
      const incoming = { id, raw, headers, principal: principalOf(arrival), trace }
      const parsed = anyRequest(endpoint, incoming, stages.now(), stages.formats)
      if (!(parsed instanceof Promise)) return this.#answer(arrival, parsed)
      parsed.then(
        (one) => this.#answer(arrival, one),
        (thrown: unknown) => this.#refuse(arrival, endpoint, toGatewayError(thrown)),
      )
    } catch (thrown) {
      this.#refuse(arrival, endpoint, toGatewayError(thrown))
    }
  }

  #answer(arrival: Arrival, request: GatewayRequest): void {
    const { stages, plain } = this.#tools
    const caller = plain.connections.watch(arrival, request.startedAt)
    const { id, budgets } = request.principal
    const tokens = budgets.length === 0 ? null : stages.limiter.tokensLeft(id, budgets)
    const headers = [...(arrival.corsHeaders ?? []), ...limitHeadersOf(arrival, tokens)]
    const work = answer(request, caller, arrival.response, headers, stages)
    arrival.heldBody?.during(work)
  }

  #refuse(arrival: Arrival, endpoint: Endpoint, error: GatewayError): void {
    refuse(arrival, endpoint, error, this.#tools.stages.formats, this.#tools.plain)
  }
}
