/** The limits of backends, as `turnout check` prints them. */
import { durationText } from '../core/units.ts'
import type { BackendSpec, LaneLimits } from '../core/settings.ts'
import { count } from '../observe/headline/headline-text.ts'
import { fittedTable } from './fitted-table.ts'

/** '' where no backend has any. */
export function limitsText(backends: readonly BackendSpec[]): string {
  const rows = backends.flatMap((backend) => rowsOf(backend))
  return rows.length === 0 ? '' : fittedTable(['limits', 'key', 'at the most', 'queue'], rows, 2)
}

function rowsOf({ name, keys, limits }: BackendSpec): string[][] {
  const own = keys.filter((key) => laneText(key) !== '')
  if (limits === null && own.length === 0) return []
  const queue = limits === null ? '-' : `${count(limits.queue)} for up to ${durationText(limits.queueWaitMs)}`
  const common = limits === null ? '' : laneText(limits) || (limits.queues ? 'slots of the engine' : '')
  return [
    [name, keys.length > 1 ? `each of ${keys.length}` : '-', common || 'no limit', queue],
    ...own.map((key) => [name, key.name, laneText(key), queue]),
  ]
}

const laneText = ({ rpm, tpm, parallel }: LaneLimits): string =>
  [
    parallel === null ? [] : [`${count(parallel)} at a time`],
    rpm === null ? [] : [`${count(rpm)} calls/min`],
    tpm === null ? [] : [`${count(tpm)} tokens/min`],
  ]
    .flat()
    .join(', ')
