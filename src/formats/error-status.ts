/** An error with the status that clients of a format know it by. Pure. */
import { type GatewayError, withStatus } from '../core/errors.ts'
import type { CallerSide } from './format.ts'

export const asTold = (error: GatewayError, caller: CallerSide): GatewayError =>
  caller.statusOf === undefined ? error : withStatus(error, caller.statusOf(error))
