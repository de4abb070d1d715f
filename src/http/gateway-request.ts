/** The bytes and headers of an HTTP request -> what the pipeline works with. */
import type { Answers } from '../answers/answers.ts'
import type { Endpoint } from '../core/endpoints.ts'
import { GatewayError } from '../core/errors.ts'
import { inSlices } from '../core/slices.ts'
import { PRIORITIES, type Priority, priorityWithin } from '../core/priority.ts'
import type { Principal } from '../core/principal.ts'
import { type Strategy, STRATEGY_NAMES, strategyNamed } from '../core/strategies.ts'
import type { GatewayRequest, Trace } from '../core/types.ts'
import { continuedBody } from './continued.ts'
import { attributionOf } from './attribution.ts'
import { LARGE_BYTES } from '../formats/json/parse-large.ts'
import { type Formats, formatNamed, FORMATS } from '../formats/formats.ts'
import type { Asked, ReadRequest } from '../formats/format.ts'

/** A request as it arrived. */
export interface Incoming extends Asked {
  readonly id: string
  readonly raw: Buffer
  readonly principal: Principal
  /** Absent where nothing is traced. */
  readonly trace?: Trace | null
}

/** `startedAt`: clock reading, ms. Throws the GatewayError that names the field or header that is wrong. */
export function gatewayRequest(
  endpoint: Endpoint,
  incoming: Incoming,
  startedAt: number,
  formats: Formats = FORMATS,
): GatewayRequest {
  const { caller } = formatNamed(endpoint.format, formats)
  return requestOf(caller.read(incoming.raw, endpoint, incoming), endpoint, incoming, startedAt)
}

/** The same for a body of any size: a large one is read in slices. */
export function anyRequest(
  endpoint: Endpoint,
  incoming: Incoming,
  startedAt: number,
  formats: Formats = FORMATS,
  answers: Answers | null = null,
): GatewayRequest | Promise<GatewayRequest> {
  const { kept } = formatNamed(endpoint.format, formats).caller
  const continued =
    incoming.continued === true ? null : continuedBody(incoming.raw, incoming.principal.id, kept, answers)
  if (continued !== null)
    return continued.then((raw) => anyRequest(endpoint, { ...incoming, raw, continued: true }, startedAt, formats))
  if (incoming.raw.length <= LARGE_BYTES) return gatewayRequest(endpoint, incoming, startedAt, formats)
  const { caller } = formatNamed(endpoint.format, formats)
  return inSlices(caller.readInSteps(incoming.raw, endpoint, incoming)).then((parsed) =>
    requestOf(parsed, endpoint, incoming, startedAt),
  )
}

function requestOf(
  { model, stream, prompt, names, endpoint }: ReadRequest,
  path: Endpoint,
  { id, raw, headers, principal, trace = null }: Incoming,
  startedAt: number,
): GatewayRequest {
  const { session, agent, user } = attributionOf(headers, names)
  // Each field by itself: behind a spread an object of so many fields is put together anew several times.
  return {
    id,
    endpoint: endpoint ?? path,
    principal,
    model,
    stream,
    prompt,
    raw,
    headers,
    noFallback: text(headers['x-turnout-no-fallback']) === '1',
    session,
    agent,
    user,
    strategy: strategyOf(text(headers['x-turnout-strategy'])),
    priority: priorityWithin(principal.priority, priorityOf(text(headers['x-turnout-priority']))),
    deadlineMs: positive(headers, 'x-turnout-deadline-ms', 'a number of milliseconds above 0'),
    maxCostUsd: positive(headers, 'x-turnout-max-cost-usd', 'an amount of USD above 0, such as 0.05'),
    explain: text(headers['x-turnout-explain']) === '1',
    trace,
    startedAt,
  }
}

/** A header of reasonable length. */
const text = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && value !== '' && value.length <= 256 ? value : null

function strategyOf(wish: string | null): Strategy | null {
  if (wish === null) return null
  const known = strategyNamed(wish)
  if (known !== null) return known
  throw refused('x-turnout-strategy', `"${wish}" is none of ${STRATEGY_NAMES.join(', ')}`)
}

function priorityOf(wish: string | null): Priority | null {
  const known = PRIORITIES.find((one) => one === wish) ?? null
  if (wish !== null && known === null)
    throw refused('x-turnout-priority', `"${wish}" is none of ${PRIORITIES.join(', ')}`)
  return known
}

function positive(headers: Incoming['headers'], name: string, wanted: string): number | null {
  const wish = text(headers[name])
  if (wish === null) return null
  const value = Number(wish)
  if (Number.isFinite(value) && value > 0) return value
  throw refused(name, `"${wish}" is not ${wanted}`)
}

const refused = (header: string, why: string): GatewayError =>
  new GatewayError('invalid_request', `${header}: ${why}.`, { param: header })
