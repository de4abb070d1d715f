/** What follows a failed attempt: a reading of the table of errors. Pure. */
import { ERRORS, type GatewayError, type Step } from '../core/errors.ts'

export const nextStep = (error: GatewayError): Step => ERRORS[error.code].step

/** Old engines answer 400 to `stream_options`, which the gateway adds: then the same backend is asked once more without it. */
export function refusesUsage(error: GatewayError): boolean {
  return error.code === 'invalid_request' && /stream_options|include_usage/.test(error.message)
}
