/**
 * The first of two phases: one backend reads the prompt, and the body by which another one fetches what was read is made. Whatever goes
 * wrong here, the other one reads the prompt itself, and no caller sees it.
 */
import type { Fleet } from '../backends/fleet/fleet.ts'
import { Pass } from '../backends/gate/pass.ts'
import { answerFault, badAnswer, limitFault, transportFault } from '../backends/upstream/fault.ts'
import { composeHeaders } from '../backends/upstream/call-headers.ts'
import { HttpClient } from '../backends/upstream/http-client.ts'
import { placeKey } from '../core/ask-place.ts'
import { clientClosed, GatewayError } from '../core/errors.ts'
import { rankOf } from '../core/priority.ts'
import type { EndpointPlace } from '../core/provider.ts'
import { inSlices } from '../core/slices.ts'
import type { Caller, Deployment, GatewayRequest, RequestProfile, RoutePlan } from '../core/types.ts'
import type { BackendSide, Handover } from '../formats/format.ts'
import { joined } from '../formats/json/splice.ts'
import type { Path } from './attempt.ts'
import { pathOf } from './call.ts'
import { choosePrefill, PREFILL_OUTPUT, type PrefillChoice } from './choose-prefill.ts'

/** The call that is about to be made. */
export interface Phasing {
  readonly request: GatewayRequest
  readonly plan: RoutePlan
  readonly caller: Caller
  readonly deployment: Deployment
  /** What its gate gave it. */
  readonly pass: Pass | null
  readonly format: BackendSide
  readonly askedAt: EndpointPlace
  readonly inputTokens: number
  readonly body: readonly Buffer[]
}

export interface Phased {
  readonly body: readonly Buffer[]
  /** Null: its backend is none of a pool. */
  readonly path: Path | null
  /** The prompt that it has to read itself; undefined: it fetches what another one has read. */
  readonly unread: RequestProfile | undefined
  /** The caller has left, or the gateway ends: no call is to be made. */
  readonly over: GatewayError | null
}

export interface PrefillTools {
  readonly fleet: Pick<Fleet, 'catalog' | 'gateOf' | 'begin' | 'end'>
  /** Monotonic, ms. */
  readonly now: () => number
  readonly userAgent: string
  readonly connectMs: number
}

/** How a call is made: at once as it is, or after another one has read its prompt. */
export function phased(prefills: Pick<Prefills, 'of'> | undefined, phasing: Phasing): Phased | Promise<Phased> {
  const { caller, plan, deployment, body } = phasing
  const unread = plan.profile
  if (caller.gone) return { body, path: null, unread, over: clientClosed() }
  if (deployment.backend.role === 'decode' && prefills !== undefined) return prefills.of(phasing)
  return { body, path: null, unread, over: null }
}

const MOST_BYTES = 1024 * 1024
/** Of the time that is left: the rest is for the answer. */
const SHARE = 0.5

export class Prefills {
  readonly #tools: PrefillTools
  readonly #client: HttpClient

  constructor(tools: PrefillTools) {
    this.#tools = tools
    this.#client = new HttpClient({ connectMs: tools.connectMs, idleMs: 4_000 })
  }

  /** Never rejects. */
  async of(phasing: Phasing): Promise<Phased> {
    const { request, plan, caller, deployment, pass, body, format, askedAt } = phasing
    const { fleet, now } = this.#tools
    const unified: Phased = { body, path: 'unified', unread: plan.profile, over: null }
    const { handover } = format
    if (handover === undefined || !plan.profile.generates) return unified
    const choice = choosePrefill(deployment, askedAt.format, request, plan.profile, fleet.catalog, now())
    if (choice === null) return unified
    // Others that are decided about meanwhile see that it is on its way.
    const held = fleet.begin(deployment, undefined, request.stream)
    try {
      const composed = await inSlices(joined(body))
      const kept = await this.#read(phasing, choice, handover, composed)
      if (kept instanceof GatewayError) return { ...unified, over: kept }
      if (caller.gone) return { ...unified, over: clientClosed() }
      if (kept === null) return unified
      return { body: handover.answering(composed, kept), path: 'prefill-decode', unread: undefined, over: null }
    } catch {
      return unified
    } finally {
      fleet.end(deployment, null, held, pass, 'kept')
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy()
  }

  /** Where it keeps what it has read; null: it has failed, or there is no place for it at once; an error: no call is wanted any more. */
  async #read(
    phasing: Phasing,
    { deployment, place }: PrefillChoice,
    handover: Handover,
    composed: Buffer,
  ): Promise<string | GatewayError | null> {
    const { request, plan, caller, inputTokens } = phasing
    const { fleet, now, userAgent } = this.#tools
    const reading = handover.reading(composed, deployment.model)
    if (reading === null) return null
    const asked = await inSlices(joined(reading))
    if (caller.gone) return null
    const pass = this.#enter(phasing, deployment)
    if (pass === 'none') return null
    const { backend } = deployment
    const call = {
      url: backend.root + pathOf(place, deployment.model, request),
      method: 'POST' as const,
      headers: composeHeaders(request, deployment, {
        ...{ userAgent, call: 1, type: 'application/json', auth: place.auth },
        key: pass?.key?.secret ?? backend.key,
      }),
      body: asked,
      mostBytes: MOST_BYTES,
    }
    const limit = limitOf(request, plan, now())
    const stop = new AbortController()
    let over: GatewayError | null = null
    caller.stop = (why): void => {
      over = why
      stop.abort(why)
    }
    const time = AbortSignal.timeout(Math.ceil(limit.ms))
    const begun = fleet.begin(deployment, plan.profile)
    let error: GatewayError | null = null
    let kept: string | null = null
    try {
      const { status, text } = await this.#client.call({ ...call, signal: AbortSignal.any([stop.signal, time]) })
      if (status !== 200) error = answerFault(backend, status, phasing.format.readFault(text))
      else if ((kept = handover.kept(text)) === null)
        error = badAnswer(backend, 'has read a prompt and does not say where it is kept', status)
    } catch (thrown) {
      if (over === null)
        error = time.aborted
          ? limitFault(
              { backend, limits: { ...plan.limits, ttftMs: limit.ms }, totalMs: limit.ms, ownDeadline: false },
              'ttft',
            )
          : transportFault(backend, thrown, false)
    } finally {
      caller.stop = null
      // That the caller has little time says nothing about the backend.
      const silent = over !== null || (time.aborted && !limit.own)
      const asking = { request, profile: plan.profile }
      const outcome = silent ? null : { endpoint: placeKey(request.endpoint, place), error, asked: asking }
      const spent = error === null ? { input: inputTokens, output: PREFILL_OUTPUT } : null
      fleet.end(deployment, outcome, begun, pass, spent)
    }
    return over ?? kept
  }

  /** A place where it can be had at once; null: none is needed. */
  #enter({ request, inputTokens }: Phasing, deployment: Deployment): Pass | 'none' | null {
    const gate = this.#tools.fleet.gateOf(deployment)
    if (gate === null) return null
    const entered = gate.enter({
      caller: request.principal.id,
      priority: rankOf(request.priority),
      model: deployment.model,
      input: Math.ceil(inputTokens),
      output: PREFILL_OUTPUT,
      latest: this.#tools.now(),
      others: true,
      since: this.#tools.now(),
    })
    if (entered instanceof Pass) return entered
    if ('cancel' in entered) entered.cancel()
    return 'none'
  }
}

/** How long it may take; `own`: that is the limit of the configuration, not what the caller has left. */
function limitOf(
  { startedAt, deadlineMs }: GatewayRequest,
  { limits, maxTtftMs }: RoutePlan,
  now: number,
): { readonly ms: number; readonly own: boolean } {
  const longest = Math.min(limits.totalMs, deadlineMs ?? Infinity, maxTtftMs ?? Infinity)
  const left = SHARE * (longest - (now - startedAt))
  return left < limits.ttftMs ? { ms: Math.max(1, left), own: false } : { ms: limits.ttftMs, own: true }
}
