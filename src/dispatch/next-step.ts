/** What follows a failed attempt: a reading of the table of errors. Pure. */
import { ERRORS, type GatewayError, type Step } from '../core/errors.ts'

export const nextStep = (error: GatewayError): Step => ERRORS[error.code].step
