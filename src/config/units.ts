/** Durations and sizes as people write them. */
import { z } from 'zod'

const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

function parse(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim())
  const unit = match === null ? undefined : units[match[2]!]
  return match === null || unit === undefined ? null : Math.round(Number(match[1]) * unit)
}

const quantity = (units: Readonly<Record<string, number>>, example: string, pattern: string) =>
  z
    .string(`write it with a unit, like "${example}"`)
    .regex(new RegExp(pattern), `is not a quantity with a unit; write it like "${example}"`)
    .transform((text, context) => {
      const value = parse(text, units)
      if (value !== null && value > 0) return value
      context.addIssue({
        code: 'custom',
        message: `is not a positive quantity with a unit; write it like "${example}"`,
      })
      return z.NEVER
    })

/** "500ms", "2s", "10m", "1h" -> milliseconds. */
export const duration = quantity(DURATION, '30s', '^\\s*\\d+(\\.\\d+)?\\s*(ms|s|m|h)\\s*$')

/** "32MiB", "1GB" -> bytes. */
export const size = quantity(SIZE, '32MiB', '^\\s*\\d+(\\.\\d+)?\\s*(B|KB|MB|GB|KiB|MiB|GiB)\\s*$')
