/** Ids of what the gateway writes itself. Pure. */
import { hash } from 'node:crypto'
import type { GatewayRequest } from '../../core/types.ts'

/** What carries the seal of the call before it. */
export const CALL_SEAL_ID = 'rs_call_'

/** No backend has kept what has such an id. */
const OURS = /^[a-z]+_(?:call_)?turnout_/

export const isOurs = (id: string): boolean => OURS.test(id)

const LENGTH = 24

/** Of one answer: callers may send the same id of a request with each, so the time is in it too. `nowMs`: epoch. */
export const markOf = ({ id, startedAt }: GatewayRequest, nowMs: number): string =>
  `turnout_${hash('sha256', `${id} ${startedAt} ${nowMs}`, 'hex').slice(0, LENGTH)}`
