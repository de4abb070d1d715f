import { UsageError } from './command.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }
const AGO = /^(\d+(?:\.\d+)?)([smhdw])$/
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/

/** `90m`, `1h`, `7d` before `now`, or an ISO 8601 date or time, UTC where it names no zone -> epoch ms; null = none of them. */
export function momentOf(text: string, now: number): number | null {
  const ago = AGO.exec(text)
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2]!]!
  const date = DATE.exec(text)
  if (date === null) return null
  const zone = text.length === 10 ? 'T00:00Z' : date[1] === undefined ? 'Z' : ''
  const time = Date.parse(text.replace(' ', 'T') + zone)
  return Number.isNaN(time) ? null : time
}

/** The same of an option, undefined where it was not given. Throws a UsageError that says how to write it. */
export function momentAt(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const moment = momentOf(text, now)
  if (moment === null)
    throw new UsageError(`${option}: "${text}" is not a time; write it like 90m, 7d or 2026-01-31T08:00Z`)
  return moment
}
