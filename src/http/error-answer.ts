/** Whatever fails before a request reaches the pipeline gets the same envelope as what fails in it. */
import type { Endpoint } from '../core/endpoints.ts'
import type { GatewayError } from '../core/errors.ts'
import { errorBody } from '../formats/error-body.ts'
import type { Formats } from '../formats/formats.ts'
import { type HeaderList, retryHeaders } from '../relay/headers.ts'
import type { Arrival } from './arrival.ts'
import { type PlainTools, plainEnd } from './plain-answers.ts'

/** In the format that the caller speaks. Of some no more is served than their errors. */
export const envelopeOf = (error: GatewayError, format: string, formats: Formats): object =>
  formats.get(format)?.caller.errorBody(error) ?? errorBody(error, format)

export const errorHeaders = (error: GatewayError): HeaderList => ['x-turnout-attempts', '0', ...retryHeaders(error)]

/** Answers a request for an inference path with why it is refused. */
export function refuse(
  arrival: Arrival,
  { id, format }: Endpoint,
  error: GatewayError,
  formats: Formats,
  plain: PlainTools,
): void {
  const { response } = arrival
  const { status } = error
  const common = plainEnd(arrival, { endpoint: id, status, failure: error, timed: true, silent: false }, plain)
  const body = Buffer.from(JSON.stringify(envelopeOf(error, format, formats)))
  response.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    ...errorHeaders(error),
    ...common,
  ])
  response.end(body)
}
