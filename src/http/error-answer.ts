/** Whatever fails before a request reaches the pipeline gets the same envelope as what fails in it. */
import type { Endpoint } from '../core/endpoints.ts'
import type { GatewayError } from '../core/errors.ts'
import { asTold } from '../formats/error-status.ts'
import { formatNamed, type Formats } from '../formats/formats.ts'
import { type HeaderList, retryHeaders } from '../relay/headers.ts'
import type { Arrival } from './arrival.ts'
import { type PlainTools, plainEnd } from './plain-answers.ts'

/** In the format that the caller speaks. `id`: of the request, which was not read. */
export const envelopeOf = (error: GatewayError, id: string, format: string, formats: Formats): object =>
  formatNamed(format, formats).caller.errorBody(error, { id, maxOutput: null })

/** What an answer says in headers, and once more under the names that clients of its format look for. */
export function toldIn(format: string, formats: Formats, list: HeaderList): HeaderList {
  const more = formatNamed(format, formats).caller.answerHeaders
  return more === null ? list : [...list, ...more(list, Date.now())]
}

export const errorHeaders = (error: GatewayError): HeaderList => ['x-turnout-attempts', '0', ...retryHeaders(error)]

/** Answers a request for an inference path with why it is refused. */
export function refuse(
  arrival: Arrival,
  { id, format }: Endpoint,
  failure: GatewayError,
  formats: Formats,
  plain: PlainTools,
): void {
  const { response } = arrival
  const error = asTold(failure, formatNamed(format, formats).caller)
  const { status } = error
  const common = plainEnd(arrival, { endpoint: id, status, failure: error, timed: true, silent: false }, plain)
  const body = Buffer.from(JSON.stringify(envelopeOf(error, arrival.id, format, formats)))
  response.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    ...errorHeaders(error),
    ...toldIn(format, formats, common),
  ])
  response.end(body)
}
